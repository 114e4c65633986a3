// The server that a definition's `serving` asks for, with its log of served vectors: of `run` and
// of `serve`.
#pragma once

#include <memory>
#include <string>

#include "cli/repository.h"
#include "serving/http_server.h"

namespace skewless {

// The address where a definition's server answers: `listen`, unless it is empty.
std::string ServingAddress(const Definition& definition, const std::string& listen);

class ConfiguredServer {
 public:
  // `listen` overrides serving.listen where it isn't empty; `http` brings what the caller adds. The
  // repository outlives the server.
  static Result<std::unique_ptr<ConfiguredServer>> Start(const Repository& repository,
                                                         const std::string& listen,
                                                         HttpServerOptions http);
  const HttpServer& http() const { return *http_; }
  // Answers no more and writes out what was served.
  Status Stop();

 private:
  std::unique_ptr<ServedLogWriter> served_log_;  // outlives the server, which appends to it
  std::unique_ptr<HttpServer> http_;
};

}  // namespace skewless
