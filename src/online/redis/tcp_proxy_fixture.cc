#include "online/redis/tcp_proxy_fixture.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"

namespace skewless::redis {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// All of it, blocking; false where the other side has gone.
bool SendAll(int to, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace

TcpProxy::TcpProxy(int server_port)
    : server_port_(server_port), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  SKEWLESS_CHECK(::bind(listener_, generic, size) == 0 && ::listen(listener_, 64) == 0);
  SKEWLESS_CHECK(::getsockname(listener_, generic, &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

TcpProxy::~TcpProxy() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
}

void TcpProxy::Accept() {
  auto link = std::make_unique<Link>();
  link->client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  link->server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(server_port_);
  link->gone =
      ::connect(link->server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0;
  const int on = 1;  // what went on to a client doesn't wait here for more
  ::setsockopt(link->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  links_.push_back(std::move(link));
}

void TcpProxy::Move(Link& link, bool from_client, bool from_server) {
  Bytes buffer(size_t{64} << 10);
  if (from_client) {
    const ssize_t got = ::recv(link.client, buffer.data(), buffer.size(), 0);
    link.gone |=
        got <= 0 || !SendAll(link.server, ByteView(buffer).first(static_cast<size_t>(got)));
  }
  if (from_server && !link.gone) {
    const ssize_t got = ::recv(link.server, buffer.data(), buffer.size(), 0);
    link.gone |= got <= 0;
    if (got <= 0) return;
    link.mute |= swallow_;
    if (link.mute) {
      swallowed_bytes_ += static_cast<uint64_t>(got);
      return;
    }
    buffer.resize(static_cast<size_t>(got));
    link.late.push_back({MonotonicNanos() + delay_us_ * 1000, std::move(buffer)});
  }
}

void TcpProxy::SendLate(Link& link) {
  while (!link.late.empty() && link.late.front().due_ns <= MonotonicNanos()) {
    link.gone |= !SendAll(link.client, link.late.front().bytes);
    link.late.pop_front();
  }
}

void TcpProxy::AwaitRound() const {
  // The one under way may have looked before.
  for (const uint64_t begun = rounds_; rounds_ < begun + 2;) std::this_thread::yield();
}

void TcpProxy::Run() {
  for (; !stop_; ++rounds_) {
    std::vector<pollfd> wanted = {{listener_, POLLIN, 0}};
    for (const auto& link : links_) {
      wanted.push_back({link->client, POLLIN, 0});
      wanted.push_back({link->server, POLLIN, 0});
    }
    ::poll(wanted.data(), static_cast<nfds_t>(wanted.size()), 1);
    for (size_t i = 0; i < links_.size(); ++i) {
      Move(*links_[i], wanted[1 + 2 * i].revents != 0, wanted[2 + 2 * i].revents != 0);
      if (!links_[i]->gone) SendLate(*links_[i]);
    }
    const bool reset = reset_;
    const bool cut = cut_ || reset;
    std::erase_if(links_, [cut, reset](const std::unique_ptr<Link>& link) {
      if (!link->gone && !cut) return false;
      const linger at_once{1, 0};
      if (reset) ::setsockopt(link->client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      ::close(link->client);
      ::close(link->server);
      return true;
    });
    if (cut) cut_ = reset_ = false;
    if (wanted[0].revents != 0) Accept();
  }
  for (const auto& link : links_) {
    ::close(link->client);
    ::close(link->server);
  }
}

}  // namespace skewless::redis
