// Certificates for tests that speak TLS.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace skewless {

// `path`.pem is a certificate of its own authority for the IP address, and `path`.key its key.
inline void MakeCertificate(const std::string& path, const std::string& address) {
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=" +
      path.substr(path.rfind('/') + 1) + "' -keyout '" + path + ".key' -out '" + path +
      ".pem' -addext subjectAltName=IP:" + address + " 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

}  // namespace skewless
