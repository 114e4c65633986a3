#include "online/redis/socket_bio.h"

#include <sys/socket.h>

#include <cerrno>

namespace skewless::redis {
namespace {

int DescriptorOf(BIO* bio) { return *static_cast<const int*>(BIO_get_data(bio)); }

// `moved` is what the system said; `again`: how OpenSSL is told that none could be moved now.
int Outcome(BIO* bio, ssize_t moved, int again) {
  BIO_clear_retry_flags(bio);
  if (moved < 0 && (errno == EAGAIN || errno == EINTR))
    BIO_set_flags(bio, again | BIO_FLAGS_SHOULD_RETRY);
  return static_cast<int>(moved);
}

int Write(BIO* bio, const char* bytes, int size) {
  const ssize_t sent = ::send(DescriptorOf(bio), bytes, static_cast<size_t>(size), MSG_NOSIGNAL);
  return Outcome(bio, sent, BIO_FLAGS_WRITE);
}

int Read(BIO* bio, char* to, int size) {
  const ssize_t got = ::recv(DescriptorOf(bio), to, static_cast<size_t>(size), 0);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return Outcome(bio, got, BIO_FLAGS_READ);
}

// OpenSSL flushes after each flight of a handshake, and tells an end that no one announced from a
// broken connection. It asks more, of which this has nothing.
long Control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default:
      return 0;
  }
}

// One for all, for good.
const BIO_METHOD* Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "socket");
    if (made == nullptr) return made;
    BIO_meth_set_write(made, Write);
    BIO_meth_set_read(made, Read);
    BIO_meth_set_ctrl(made, Control);
    return made;
  }();
  return method;
}

}  // namespace

BIO* NewSocketBio(const int* descriptor) {
  BIO* const bio = Method() == nullptr ? nullptr : BIO_new(Method());
  if (bio != nullptr) BIO_set_data(bio, const_cast<int*>(descriptor));
  return bio;
}

}  // namespace skewless::redis
