// A TCP connection that never blocks, plain or TLS.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "online/redis/redis_store.h"

namespace skewless::redis {

struct Endpoint {
  std::string host;
  int port = 0;
  std::string ToString() const { return host + ":" + std::to_string(port); }
  auto operator<=>(const Endpoint&) const = default;
};
Result<Endpoint> ParseEndpoint(const std::string& address);

struct TlsContext;  // what the connections of one store share
Result<std::shared_ptr<TlsContext>> MakeTlsContext(const RedisTls& tls);  // null: plain

class Socket {
 public:
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Begins to connect. Only the look-up of a host's name can block here.
  static Result<std::unique_ptr<Socket>> Connect(const Endpoint& endpoint,
                                                 std::shared_ptr<TlsContext> tls);
  int descriptor() const { return descriptor_; }
  // Goes on connecting; true once it is done, with TLS's handshake. Call it when poll says so.
  Result<bool> FinishConnect();
  // Bytes moved; 0 where none can be now. An error where the other side is gone.
  Result<size_t> Read(uint8_t* to, size_t size);
  Result<size_t> Write(ByteView bytes);
  // What poll must wait for before the next call can move on.
  bool wants_write() const { return wants_write_; }

 private:
  struct Tls;
  Socket(int descriptor, Endpoint endpoint);
  Result<bool> FinishHandshake();
  Result<size_t> TlsOutcome(int result);
  tl::unexpected<Error> Lost(
      const std::string& why,
      const std::string& remedy = "Is it running, and reachable from here?") const;

  int descriptor_;
  Endpoint endpoint_;
  bool connected_ = false;  // TCP's part
  bool wants_write_ = true;
  std::unique_ptr<Tls> tls_;
};

}  // namespace skewless::redis
