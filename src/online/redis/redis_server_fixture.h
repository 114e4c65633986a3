// Real Redis servers for tests: started on free ports with their files in a directory of the test,
// stopped by their own process ids. Where redis-server is missing, the test fails.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "online/redis/redis_store.h"
#include "online/redis/reply.h"
#include "online/redis/servers.h"

namespace skewless::redis {

// A port that nobody listens on. Its cluster bus (port + 10000) is free, too.
int FreePort();

class RedisServer {
 public:
  // `settings`: further words of its command line, as {"--appendonly", "yes"}.
  explicit RedisServer(std::string directory, std::vector<std::string> settings = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  void Start();  // with the port and files that it had
  void Kill();   // -9
  void Pause();  // SIGSTOP
  void Continue();
  int port() const { return port_; }
  int pid() const { return pid_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // A command of its own connection; aborts where the server is not there.
  Reply Ask(std::initializer_list<std::string_view> words);
  std::string AskText(std::initializer_list<std::string_view> words);

 private:
  bool TryStart();

  std::string directory_;
  std::vector<std::string> settings_;
  int port_;
  int pid_ = -1;
};

// Three servers that share the slots.
class RedisCluster {
 public:
  explicit RedisCluster(const std::string& directory);
  RedisServer& server(size_t i) { return *servers_[i]; }
  std::string address() const { return servers_[0]->address(); }
  // Which server has the slot, by the cluster's own account.
  size_t ServerOf(uint32_t slot);
  // Moves a slot with its keys. `halfway` runs when it is on its way and some keys have gone.
  void MoveSlot(uint32_t slot, size_t to, const std::function<void()>& halfway);

 private:
  std::vector<std::unique_ptr<RedisServer>> servers_;
};

}  // namespace skewless::redis
