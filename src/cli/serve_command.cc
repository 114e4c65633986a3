// skewless serve: reads only, beside a running engine.
#include "cli/commands.h"
#include "cli/configured_server.h"
#include "cli/running_engine.h"

namespace skewless {
namespace {

Status Serve(const Session& session, const std::string& listen) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto repository, LoadRepository(session));
  SKEWLESS_ASSIGN_OR_RETURN(auto server, ConfiguredServer::Start(repository, listen, {}));
  LogServing(server->http());
  const std::atomic<bool> never{false};
  WaitForStopSignal(never);
  return server->Stop();
}

}  // namespace

void AddServeCommand(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("serve", "Answer reads over HTTP, beside a running engine");
  auto listen = std::make_shared<std::string>();
  command->add_option("--listen", *listen, "Serve here instead of serving.listen");
  auto log = std::make_shared<LogSettings>();
  AddLogOptions(command, log.get());
  command->callback([&session, listen, log] {
    BlockStopSignals();
    EventLogger logger(*log, EventLevel::kInfo);
    if (Status served = Serve(session, *listen); !served) logger.Failed(served.error(), &session);
  });
}

}  // namespace skewless
