// registry.py, run for a test on a free port or a given one, and stopped with it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace skewless {

class RegistryProcess {
 public:
  // `protos`: the folder that confluent_messages.py writes into. `user`: "name:password" that
  // alone may ask. `certificate` and `key`: PEM files; it speaks TLS then, with those alone who
  // have that certificate, too. port() is 0 where it did not start.
  explicit RegistryProcess(const std::string& protos, int port = 0, const std::string& user = "",
                           const std::string& certificate = "", const std::string& key = "");
  ~RegistryProcess();
  RegistryProcess(const RegistryProcess&) = delete;
  RegistryProcess& operator=(const RegistryProcess&) = delete;

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  pid_t pid_ = -1;
  int input_ = -1;  // closing it ends the process
  int port_ = 0;
};

// Runs a script of tests/messages with SKEWLESS_PYTHON; whether it ended well.
bool RunScript(const std::vector<std::string>& arguments);

}  // namespace skewless
