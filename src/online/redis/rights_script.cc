#include "online/redis/rights_script.h"

#include <algorithm>

namespace skewless::redis {

// What a script is told up to 7.0, from 7.2 on, and who is no script.
const std::string_view kDeniedFunction = R"(
local function denied(err)
  return string.find(err, "The user executing the script can't", 1, true) or
         string.find(err, 'ACL failure in script', 1, true) or string.find(err, 'NOPERM', 1, true)
end
)";

bool LacksRights(std::string_view error) {
  constexpr std::string_view kSaid[] = {"The user executing the script can't",
                                        "ACL failure in script", "NOPERM"};
  return std::ranges::any_of(
      kSaid, [&](std::string_view said) { return error.find(said) != std::string_view::npos; });
}

// Redis looks at rights before it looks at arguments, but for how many there are.
const Script& RightsScript() {
  static const Script script = MakeScript(std::string(kDeniedFunction) + R"(
for _, command in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(command, '%S+') do
    words[#words + 1] = word == '@' and KEYS[1] or word
  end
  local name = table.remove(words, 1)
  local reply = redis.pcall(name, KEYS[1], unpack(words))
  if type(reply) == 'table' and reply.err and denied(reply.err) then
    return {err = "NOPERM this user has no permissions to run '" .. string.lower(name) ..
                  "' in a script, or not with the key '" .. KEYS[1] .. "'"}
  end
end
return 0
)");
  return script;
}

std::vector<std::string> CommandsOfScripts(const RedisOptions& options) {
  std::vector<std::string> commands{"GET", "SET v nonsense", "DEL"};
  const auto add = [&](std::initializer_list<const char*> more) {
    commands.insert(commands.end(), more.begin(), more.end());
  };
  if (options.keeps_values()) {
    add({"EXISTS", "HMGET f", "HSET f v f"});
    return commands;
  }
  const auto views = static_cast<int>(options.views.size());
  int by_increments = 0;
  for (int view = 0; view < views; ++view)
    by_increments += options.increments_of(view) != nullptr ? 1 : 0;
  if (by_increments > 0) add({"EXISTS", "HGET f", "HSET f v f", "HDEL f", "HINCRBY f x"});
  if (by_increments < views) add({"GETRANGE x x", "SETRANGE x v", "MSET v @"});
  if (std::ranges::any_of(options.expire_after_us, [](DurationUs after) { return after > 0; }))
    add({"PEXPIREAT x"});
  return commands;
}

}  // namespace skewless::redis
