// The options of what replays the history: how many threads, and how much memory.
#pragma once

#include "cli/commands.h"
#include "training/join.h"

namespace skewless {

// --threads and --memory. `options` outlives the command.
void AddJoinResources(CLI::App* command, JoinOptions* options);

}  // namespace skewless
