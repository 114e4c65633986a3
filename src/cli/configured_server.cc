#include "cli/configured_server.h"

namespace skewless {

std::string ServingAddress(const Definition& definition, const std::string& listen) {
  return listen.empty() ? definition.serving.value_or(ServingDefinition{}).listen : listen;
}

Result<std::unique_ptr<ConfiguredServer>> ConfiguredServer::Start(const Repository& repository,
                                                                  const std::string& listen,
                                                                  HttpServerOptions http) {
  const Definition& definition = *repository.definition;
  const ServingDefinition serving = definition.serving.value_or(ServingDefinition{});
  auto server = std::make_unique<ConfiguredServer>();
  http.listen = ServingAddress(definition, listen);
  http.threads = serving.threads;
  if (!serving.served_log.empty()) {
    const std::string directory = definition.ResolvePath(serving.served_log);
    SKEWLESS_RETURN_IF_ERROR(SystemFiles().CreateDirectories(directory));
    SKEWLESS_ASSIGN_OR_RETURN(server->served_log_, ServedLogWriter::Open(SystemFiles(), directory));
    http.served_log = server->served_log_.get();
  }
  http.open_reader = [&repository] { return OpenOnlineReader(repository); };
  SKEWLESS_ASSIGN_OR_RETURN(server->http_,
                            HttpServer::Start(definition, repository.kernels, std::move(http)));
  return server;
}

Status ConfiguredServer::Stop() {
  http_.reset();
  return served_log_ ? served_log_->Flush() : Status{};
}

}  // namespace skewless
