// The address that a server is to answer at, taken before the server can answer: who starts learns
// that another is there before it has changed anything. Nobody can connect before Listen.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace skewless {

class ListenSocket {
 public:
  // `listen` is host:port; port 0 takes a free one.
  static Result<std::unique_ptr<ListenSocket>> Bind(const std::string& listen);
  ~ListenSocket();
  ListenSocket(const ListenSocket&) = delete;
  ListenSocket& operator=(const ListenSocket&) = delete;

  int port() const { return port_; }
  // From here on clients can connect. The descriptor is the caller's to close.
  Result<int> Listen();

 private:
  ListenSocket(std::string listen, int descriptor);
  Status BindTo(const void* address, size_t size);

  const std::string listen_;
  int descriptor_;
  int port_ = 0;
};

}  // namespace skewless
