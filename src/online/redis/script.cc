#include "online/redis/script.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/check.h"

namespace skewless::redis {

Script MakeScript(std::string text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  SKEWLESS_CHECK(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) == 1);
  Script script{std::move(text), {}};
  for (unsigned int i = 0; i < size; ++i) script.name += fmt::format("{:02x}", digest[i]);
  return script;
}

}  // namespace skewless::redis
