#include "online/redis/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "online/redis/socket_bio.h"

namespace skewless::redis {

struct TlsContext {
  SSL_CTX* context = nullptr;
  ~TlsContext() { SSL_CTX_free(context); }
};

namespace {

struct Tls {
  std::shared_ptr<TlsContext> context;
  SSL* ssl = nullptr;
  bool ready = false;
  ~Tls() { SSL_free(ssl); }
};

std::string TlsReason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown TLS error" : reason;
}

// What to do where a handshake failed: by what it says, since there is no number for it.
const char* TlsRemedy(const std::string& reason) {
  // What comes from a server that speaks no TLS makes no sense as a record of it.
  if (reason == "wrong version number" || reason == "packet length too long")
    return "This port speaks no TLS: name the one that does, or remove online.tls.";
  if (reason.find("certificate required") != std::string::npos ||
      reason.find("handshake failure") != std::string::npos)
    return "Where it asks for a certificate, name ours in online.tls_cert and online.tls_key.";
  return "Mend online.tls_ca, online.tls_cert and online.tls_key, or the server's own.";
}

constexpr char kVerifyRemedy[] =
    "Name the authority of its certificate in online.tls_ca; and its own name, which the "
    "certificate has, in online.address.";

class TcpSocket final : public Socket {
 public:
  TcpSocket(int descriptor, Endpoint endpoint)
      : descriptor_(descriptor), endpoint_(std::move(endpoint)) {}
  ~TcpSocket() override {
    tls_.reset();
    ::close(descriptor_);
  }

  void SpeakTls(std::shared_ptr<TlsContext> context) {
    tls_ = std::make_unique<Tls>();
    tls_->context = std::move(context);
  }
  int descriptor() const override { return descriptor_; }
  Result<bool> FinishConnect() override;
  Result<size_t> Read(uint8_t* to, size_t size) override;
  Result<size_t> Write(ByteView bytes) override;
  bool wants_write() const override { return wants_write_; }

 private:
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

}  // namespace

Result<Endpoint> ParseEndpoint(const std::string& address) {
  const size_t colon = address.rfind(':');
  Endpoint endpoint;
  if (colon != std::string::npos && colon > 0) {
    const char* const end = address.data() + address.size();
    const auto [stop, error] = std::from_chars(address.data() + colon + 1, end, endpoint.port);
    endpoint.host = address.substr(0, colon);
    if (endpoint.host.size() > 2 && endpoint.host.front() == '[' && endpoint.host.back() == ']')
      endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
    if (error == std::errc() && stop == end && endpoint.port > 0 && endpoint.port <= 65535)
      return endpoint;
  }
  return Fail(ErrorCode::kInvalid, "'" + address + "' is not host:port",
              "Write, as an example, 'localhost:6379'.");
}

Result<std::shared_ptr<TlsContext>> MakeTlsContext(const RedisTls& tls) {
  if (!tls.enabled) return std::shared_ptr<TlsContext>();
  auto made = std::make_shared<TlsContext>();
  made->context = SSL_CTX_new(TLS_client_method());
  if (made->context == nullptr) return Fail(ErrorCode::kInternal, "TLS: " + TlsReason());
  SSL_CTX_set_min_proto_version(made->context, TLS1_2_VERSION);
  SSL_CTX_set_verify(made->context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(made->context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const int trusted = tls.ca_file.empty() ? SSL_CTX_set_default_verify_paths(made->context)
                                          : SSL_CTX_load_verify_locations(
                                                made->context, tls.ca_file.c_str(), nullptr);
  if (trusted != 1) {
    return Fail(ErrorCode::kInvalid,
                "cannot read the TLS authorities of '" + tls.ca_file + "': " + TlsReason(),
                "Name a PEM file of certificates in online.tls_ca.");
  }
  if (!tls.cert_file.empty() &&
      (SSL_CTX_use_certificate_chain_file(made->context, tls.cert_file.c_str()) != 1 ||
       SSL_CTX_use_PrivateKey_file(made->context, tls.key_file.c_str(), SSL_FILETYPE_PEM) != 1)) {
    return Fail(ErrorCode::kInvalid,
                "cannot use the TLS certificate '" + tls.cert_file + "' with the key '" +
                    tls.key_file + "': " + TlsReason(),
                "Name PEM files that belong together in online.tls_cert and online.tls_key.");
  }
  return made;
}

tl::unexpected<Error> TcpSocket::Lost(const std::string& why, const std::string& remedy) const {
  return Fail(ErrorCode::kUnavailable, "Redis at " + endpoint_.ToString() + ": " + why, remedy);
}

Result<std::unique_ptr<Socket>> Socket::Connect(const Endpoint& endpoint,
                                                std::shared_ptr<TlsContext> tls) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int looked_up =
      ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (looked_up != 0) {
    return Fail(ErrorCode::kUnavailable,
                "Redis at " + endpoint.ToString() + ": " + ::gai_strerror(looked_up),
                "Mend online.address.");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  int refused = 0;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    const int descriptor =
        ::socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (descriptor < 0) return FailErrno("open a socket to", endpoint.ToString(), errno);
    auto socket = std::make_unique<TcpSocket>(descriptor, endpoint);
    if (::connect(descriptor, at->ai_addr, at->ai_addrlen) != 0 && errno != EINPROGRESS) {
      refused = errno;
      continue;
    }
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (tls != nullptr) socket->SpeakTls(std::move(tls));
    return socket;
  }
  return Fail(ErrorCode::kUnavailable,
              "Redis at " + endpoint.ToString() + ": " + std::strerror(refused),
              "Is it running, and reachable from here?");
}

Result<bool> TcpSocket::FinishConnect() {
  if (!connected_) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return Lost(std::strerror(error));
    connected_ = true;
    wants_write_ = false;
  }
  return tls_ == nullptr || tls_->ready ? Result<bool>(true) : FinishHandshake();
}

Result<bool> TcpSocket::FinishHandshake() {
  if (tls_->ssl == nullptr) {
    tls_->ssl = SSL_new(tls_->context->context);
    BIO* const bio = tls_->ssl == nullptr ? nullptr : NewSocketBio(&descriptor_);
    if (bio == nullptr) return Lost("TLS: " + TlsReason());
    SSL_set_bio(tls_->ssl, bio, bio);  // its own from here on
    // A name is checked as a name, an address as an address.
    X509_VERIFY_PARAM* const verify = SSL_get0_param(tls_->ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(verify, endpoint_.host.c_str()) != 1) {
      ERR_clear_error();
      SSL_ctrl(tls_->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(endpoint_.host.c_str()));
      SSL_set1_host(tls_->ssl, endpoint_.host.c_str());
    }
  }
  const int result = SSL_connect(tls_->ssl);
  if (result == 1) {
    tls_->ready = true;
    wants_write_ = false;
    return true;
  }
  SKEWLESS_RETURN_IF_ERROR(TlsOutcome(result));
  return false;
}

Result<size_t> TcpSocket::TlsOutcome(int result) {
  wants_write_ = false;
  if (result > 0) return static_cast<size_t>(result);
  switch (SSL_get_error(tls_->ssl, result)) {
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return size_t{0};
    case SSL_ERROR_WANT_READ:
      return size_t{0};
    case SSL_ERROR_ZERO_RETURN:
      return Lost("it closed the connection");
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      return Lost("the connection broke");
    default: {
      const long verified = SSL_get_verify_result(tls_->ssl);
      const std::string reason = TlsReason();
      if (verified == X509_V_OK) return Lost("TLS: " + reason, TlsRemedy(reason));
      return Lost(std::string("TLS: ") + X509_verify_cert_error_string(verified), kVerifyRemedy);
    }
  }
}

Result<size_t> TcpSocket::Read(uint8_t* to, size_t size) {
  if (tls_ != nullptr) return TlsOutcome(SSL_read(tls_->ssl, to, static_cast<int>(size)));
  const ssize_t got = ::recv(descriptor_, to, size, 0);
  if (got > 0) return static_cast<size_t>(got);
  if (got == 0) return Lost("it closed the connection");
  if (errno == EAGAIN || errno == EINTR) return size_t{0};
  return Lost(std::strerror(errno));
}

Result<size_t> TcpSocket::Write(ByteView bytes) {
  if (tls_ != nullptr)
    return TlsOutcome(SSL_write(tls_->ssl, bytes.data(), static_cast<int>(bytes.size())));
  const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  wants_write_ = sent < 0 && errno == EAGAIN;
  if (sent >= 0) return static_cast<size_t>(sent);
  if (errno == EAGAIN || errno == EINTR) return size_t{0};
  return Lost(std::strerror(errno));
}

}  // namespace skewless::redis
