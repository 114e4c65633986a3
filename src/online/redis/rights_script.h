// Whether the user that we are may call what our scripts call. A server tells of a right that is
// missing in the middle of a script, and doesn't name the command; so it is asked before.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "online/redis/redis_store.h"
#include "online/redis/script.h"

namespace skewless::redis {

// For the beginning of a script: denied(err) says whether the error of a pcall is that of a right
// that is missing. What LacksRights says in C++.
extern const std::string_view kDeniedFunction;
bool LacksRights(std::string_view error);

// KEYS: one that holds nothing. ARGV: commands, each with its arguments after that key, as in
// "HGET f"; @ is the key. Returns 0, or the error NOPERM that names the first one that the user may
// not call in a script, or not for that key; other errors of theirs don't matter.
const Script& RightsScript();

// For RightsScript: what the writer's scripts call, with arguments by which nothing changes, since
// they only look or make no sense.
std::vector<std::string> CommandsOfScripts(const RedisOptions& options);

}  // namespace skewless::redis
