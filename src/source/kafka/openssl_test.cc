// Arrow's libparquet exports an OpenSSL of its own, unversioned: librdkafka must not end up in it.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

#include "source/kafka/kafka_client.h"
#include "source/source.h"

namespace skewless {
namespace {

std::string LibraryOf(const char* symbol) {
  Dl_info found{};
  void* const address = ::dlsym(RTLD_DEFAULT, symbol);
  if (address == nullptr || ::dladdr(address, &found) == 0) return "none";
  return found.dli_fname;
}

TEST(OpenSsl, IsDebians) {
  // Both libraries are in this test: what opens sources reads Parquet, too.
  ASSERT_NE(LibraryOf("rd_kafka_new"), "none");
  for (const char* symbol : {"SSL_new", "SSL_CTX_new", "SSL_connect"}) {
    EXPECT_NE(LibraryOf(symbol).find("libssl.so"), std::string::npos) << LibraryOf(symbol);
  }
  for (const char* symbol : {"EVP_DigestInit_ex", "X509_verify_cert", "BIO_new"}) {
    EXPECT_NE(LibraryOf(symbol).find("libcrypto.so"), std::string::npos) << LibraryOf(symbol);
  }
}

}  // namespace
}  // namespace skewless
