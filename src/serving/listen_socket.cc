#include "serving/listen_socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/number_text.h"

namespace skewless {
namespace {

std::string RemedyOf(int error) {
  switch (error) {
    case EADDRINUSE:
      return "Is another server there? Give a free port with --listen or serving: {listen: "
             "host:port}.";
    case EADDRNOTAVAIL:
      return "Give an address of this machine, or 0.0.0.0 for all of them.";
    case EACCES:
      return "Give a port from 1024 on, or allow the process lower ones.";
    default:
      return "Mend --listen or serving: {listen: host:port}.";
  }
}

tl::unexpected<Error> CannotListen(const std::string& listen, int error) {
  return Fail(ErrorCode::kIo, fmt::format("cannot listen on {}: {}", listen, std::strerror(error)),
              RemedyOf(error));
}

bool IsPort(const std::string& text) {
  constexpr int64_t kLastPort = 65535;
  const auto port = ParseInt64(text);
  return port && *port >= 0 && *port <= kLastPort;
}

}  // namespace

ListenSocket::ListenSocket(std::string listen, int descriptor)
    : listen_(std::move(listen)), descriptor_(descriptor) {}

ListenSocket::~ListenSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::unique_ptr<ListenSocket>> ListenSocket::Bind(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  const bool has_host = colon != std::string::npos && colon > 0;
  const std::string host = has_host ? listen.substr(0, colon) : "";
  const std::string port = has_host ? listen.substr(colon + 1) : "";
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* address = nullptr;
  // Of a number that is no port getaddrinfo takes some of its bits, and none for 0: any free one.
  // Without a host it would serve all of the network, which is to be said: nobody is asked who he
  // is.
  if (!IsPort(port) || ::getaddrinfo(host.c_str(), port.c_str(), &hints, &address) != 0) {
    return Fail(ErrorCode::kInvalid, "cannot listen on '" + listen + "'",
                "Give host:port, as in 127.0.0.1:6566 (IPv4), or 0.0.0.0:6566 for all addresses "
                "of this machine.");
  }
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int error = errno;
  std::unique_ptr<ListenSocket> socket(new ListenSocket(listen, descriptor));
  const Status bound = descriptor < 0 ? Status(CannotListen(listen, error))
                                      : socket->BindTo(address->ai_addr, address->ai_addrlen);
  ::freeaddrinfo(address);
  if (!bound) return tl::unexpected<Error>(bound.error());
  return socket;
}

Status ListenSocket::BindTo(const void* address, size_t size) {
  // What an earlier server's connections left behind is no reason to wait; a server that is there
  // is, and is told all the same.
  const int on = 1;
  ::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(descriptor_, static_cast<const sockaddr*>(address), static_cast<socklen_t>(size)) != 0)
    return CannotListen(listen_, errno);
  sockaddr_in bound{};
  socklen_t bound_size = sizeof bound;
  if (::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&bound), &bound_size) != 0)
    return CannotListen(listen_, errno);
  port_ = ntohs(bound.sin_port);
  return {};
}

Result<int> ListenSocket::Listen() {
  if (::listen(descriptor_, SOMAXCONN) != 0) return CannotListen(listen_, errno);
  return std::exchange(descriptor_, -1);
}

}  // namespace skewless
