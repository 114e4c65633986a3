// GET over HTTP.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace skewless {

struct HttpReply {
  long status = 0;
  std::string body;
};

// PEM files, or empty: the system's authorities, and no certificate of ours.
struct HttpTls {
  std::string ca_file, cert_file, key_file;
};

// Connections are kept between requests. Not thread-safe.
class HttpGetter {
 public:
  explicit HttpGetter(HttpTls tls = {});
  ~HttpGetter();
  HttpGetter(const HttpGetter&) = delete;
  HttpGetter& operator=(const HttpGetter&) = delete;

  // `user`: "name:password", or empty. Any status is a reply; kUnavailable where there is none, or
  // one larger than 16 MiB, or the server isn't trusted. Waits for at most 10 seconds.
  Result<HttpReply> Get(const std::string& url, const std::string& user, const std::string& accept);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skewless
