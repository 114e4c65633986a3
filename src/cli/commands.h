// The program's commands, one file each. Each Add… declares its options and returns nothing; what a
// command's callback leaves in CommandOutcome becomes the exit code: 0, 1 (failed), 2 (usage).
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"

namespace skewless {

struct Session {
  std::string repository = ".";  // --repository, -C
  int exit_code = 0;
  // Prints an error to standard error ("error: ...") and makes the exit code 1.
  void Failed(const Error& error);
  // The same of what was asked for in a wrong way: the exit code is 2.
  void Misused(const Error& error);
};

void AddInitCommand(CLI::App& app, Session& session);
void AddCheckCommand(CLI::App& app, Session& session);
void AddRunCommand(CLI::App& app, Session& session);
void AddServeCommand(CLI::App& app, Session& session);
void AddGetCommand(CLI::App& app, Session& session);
void AddJoinCommand(CLI::App& app, Session& session);
void AddAuditCommand(CLI::App& app, Session& session);
void AddFreshnessCommand(CLI::App& app, Session& session);
void AddLogCommand(CLI::App& app, Session& session);
void AddOfflineCommand(CLI::App& app, Session& session);

}  // namespace skewless
