// skewless: events in, features served, training rows that match to the bit.
#include <cstdio>

#include "cli/commands.h"
#include "cli/version.h"

int main(int argc, char** argv) {
  CLI::App app{
      "Skewless, a streaming feature store whose training sets match what was served, to the bit."};
  skewless::Session session;
  app.set_version_flag("--version", std::string("skewless ") + skewless::kVersion);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("-C,--repository", session.repository, "The feature repository's folder")
      ->capture_default_str();
  skewless::AddInitCommand(app, session);
  skewless::AddCheckCommand(app, session);
  skewless::AddRunCommand(app, session);
  skewless::AddServeCommand(app, session);
  skewless::AddGetCommand(app, session);
  skewless::AddJoinCommand(app, session);
  skewless::AddAuditCommand(app, session);
  skewless::AddFreshnessCommand(app, session);
  skewless::AddLogCommand(app, session);
  skewless::AddOfflineCommand(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are no errors; anything else is wrong usage.
    return app.exit(error) == 0 ? 0 : 2;
  }
  return session.exit_code;
}
