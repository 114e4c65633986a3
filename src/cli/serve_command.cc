// skewless serve: reads only, beside a running engine.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/configured_server.h"
#include "cli/running_engine.h"

namespace skewless {
namespace {

Status Serve(const Repository& repository, const std::string& listen) {
  SKEWLESS_ASSIGN_OR_RETURN(auto server, ConfiguredServer::Start(repository, listen, {}));
  fmt::print(stderr, "serving on port {}\n", server->http().port());
  const std::atomic<bool> never{false};
  WaitForStopSignal(never);
  return server->Stop();
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
