// A connection that never blocks: of TCP, plain or TLS, unless a network of another kind is given.
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
  Socket() = default;
  virtual ~Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Begins to connect. Only the look-up of a host's name can block here.
  static Result<std::unique_ptr<Socket>> Connect(const Endpoint& endpoint,
                                                 std::shared_ptr<TlsContext> tls);
  virtual int descriptor() const = 0;
  // Goes on connecting; true once it is done, with TLS's handshake. Call it when poll says so.
  virtual Result<bool> FinishConnect() = 0;
  // Bytes moved; 0 where none can be now. An error where the other side is gone.
  virtual Result<size_t> Read(uint8_t* to, size_t size) = 0;
  virtual Result<size_t> Write(ByteView bytes) = 0;
  // What poll must wait for before the next call can move on.
  virtual bool wants_write() const = 0;
};

// What connections are made through in place of TCP: the simulation's, where a seed says what comes
// when.
class Network {
 public:
  virtual ~Network() = default;
  virtual Result<std::unique_ptr<Socket>> Connect(const Endpoint& endpoint) = 0;
};

}  // namespace skewless::redis
