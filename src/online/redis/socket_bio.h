// What TLS reads and writes a connected socket through.
#pragma once

#include <openssl/bio.h>

namespace skewless::redis {

// As OpenSSL's own of a socket, which writes with write(2): where the other side is gone, that ends
// the process by SIGPIPE, unless it ignores the signal, and that is for a program to say, not for a
// library. Here it is an error like others. `*descriptor` outlives it and isn't closed by it. Null
// where there is no memory.
BIO* NewSocketBio(const int* descriptor);

}  // namespace skewless::redis
