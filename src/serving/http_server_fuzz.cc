// Any bytes over a socket: whatever a client sends, the server answers the next one.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "serving/http_server.h"
#include "serving/serving_fixture.h"

namespace skewless {
namespace {

class Connection {
 public:
  explicit Connection(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SKEWLESS_CHECK(
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    // A connection that is reset leaves no port behind that waits.
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The server may close before it has read everything.
  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // What the server sends until it closes, or has nothing to say because it waits for more.
  std::string SendLast(std::string_view bytes, int patience_ms) {
    Send(bytes);
    ::shutdown(socket_, SHUT_WR);
    std::string received;
    char buffer[4096];
    for (;;) {
      pollfd waiting{socket_, POLLIN, 0};
      if (::poll(&waiting, 1, patience_ms) != 1) return received;
      const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
      if (size <= 0) return received;
      received.append(buffer, static_cast<size_t>(size));
    }
  }

 private:
  int socket_;
};

class FuzzedServer {
 public:
  FuzzedServer() {
    store_.Click("1", "a", "2.5", kTestStart);
    store_.Click("2", "b", "-1", kTestStart + kSecondUs);
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    options.open_reader = [this] { return store_.OpenReader(); };
    options.advance_replay = [](Timestamp to) -> Result<Timestamp> { return to; };
    auto server = HttpServer::Start(store_.definition(), store_.kernels(), std::move(options));
    SKEWLESS_CHECK(server.has_value());
    server_ = std::move(*server);
  }
  int port() const { return server_->port(); }

 private:
  ServedStore store_;
  std::unique_ptr<HttpServer> server_;
};

// Behind an odd first byte the input is the body of a request that is right but for it.
std::string RequestOf(const uint8_t* data, size_t size) {
  if (size == 0) return {};
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) return rest;
  const std::string_view path = data[0] % 4 == 1 ? "/get-online-features" : "/replay/advance";
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" +
         "Content-Length: " + std::to_string(rest.size()) + "\r\n\r\n" + rest;
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  static const FuzzedServer server;
  const std::string request = RequestOf(data, size);
  const std::string reply = Connection(server.port()).SendLast(request, 20);
  SKEWLESS_CHECK(reply.empty() || reply.starts_with("HTTP/1."));
  static uint64_t requests = 0;
  if (++requests % 16 != 0) return 0;
  const std::string_view ask = "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  const std::string health = Connection(server.port()).SendLast(ask, /*patience_ms=*/60'000);
  SKEWLESS_CHECK(health.starts_with("HTTP/1.1 200"));
  return 0;
}
