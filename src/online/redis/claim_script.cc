#include "online/redis/claim_script.h"

namespace skewless::redis {

const Script& ClaimScript() {
  static const Script script = MakeScript(R"(
local writer = tonumber(ARGV[1])
local value = redis.call('GET', KEYS[1]) or ''
local mark, holder = string.match(value, '^(%d+) (%d+)$')
if holder and tonumber(holder) > writer then return tonumber(holder) end
redis.call('SET', KEYS[1], string.format('%s %.0f', mark or '0', writer))
local open = redis.call('GET', KEYS[2])
if open then
  local run = string.match(open, '^%S*')
  local left = run
  for layout in string.gmatch(open, ' %S+') do
    if string.find(ARGV[2], layout, 1, true) then left = left .. layout end
  end
  if left == run then
    redis.call('DEL', KEYS[2])
  elseif left ~= open then
    redis.call('SET', KEYS[2], left)
  end
end
return writer
)");
  return script;
}

const Script& OpenScript() {
  static const Script script = MakeScript(R"(
local claimed = string.match(redis.call('GET', KEYS[1]) or '', '^%d+ (%d+)$')
local holder = tonumber(claimed or 0)
if holder == tonumber(ARGV[1]) then redis.call('SET', KEYS[2], ARGV[2]) end
return holder
)");
  return script;
}

}  // namespace skewless::redis
