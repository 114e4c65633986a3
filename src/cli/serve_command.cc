// skewless serve: reads only, beside a running engine.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/running_engine.h"

namespace skewless {
namespace {

Status Serve(const Repository& repository, const std::string& listen_override) {
  const ServingDefinition serving = repository.definition->serving.value_or(ServingDefinition{});
  HttpServerOptions http;
  http.listen = listen_override.empty() ? serving.listen : listen_override;
  http.threads = serving.threads;
  std::unique_ptr<ServedLogWriter> served_log;
  if (!serving.served_log.empty()) {
    const std::string directory = repository.definition->ResolvePath(serving.served_log);
    SKEWLESS_RETURN_IF_ERROR(SystemFiles().CreateDirectories(directory));
    SKEWLESS_ASSIGN_OR_RETURN(served_log, ServedLogWriter::Open(SystemFiles(), directory));
    http.served_log = served_log.get();
  }
  http.open_reader = [&repository] { return OpenOnlineReader(repository); };
  SKEWLESS_ASSIGN_OR_RETURN(auto server,
                            HttpServer::Start(*repository.definition, repository.kernels, std::move(http)));
  fmt::print(stderr, "serving on port {}\n", server->port());
  const std::atomic<bool> never{false};
  WaitForStopSignal(never);
  server.reset();
  return served_log ? served_log->Flush() : Status{};
}

}  // namespace

void AddServeCommand(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("serve", "Answer reads over HTTP, beside a running engine");
  auto listen = std::make_shared<std::string>();
  command->add_option("--listen", *listen, "Serve here instead of serving.listen");
  command->callback([&session, listen] {
    BlockStopSignals();
    auto repository = LoadRepository(session);
    if (!repository) return session.Failed(repository.error());
    if (Status served = Serve(*repository, *listen); !served) session.Failed(served.error());
  });
}

}  // namespace skewless
