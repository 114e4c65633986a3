#include "online/redis/write_prelude.h"

namespace skewless::redis {

// Numbers are doubles here. Stamps in microseconds stay below 2^53; sequences don't.
const std::string_view kWritePrelude = R"(
local call, pcall, decode, encode = redis.call, redis.pcall, struct.unpack, struct.pack
local keys, args, count = KEYS, ARGV, #KEYS - 1
local clock = keys[count + 1]
local mark, claimed = string.match(call('GET', clock) or '', '^(%d+) (%d+)$')
local writer, holder = tonumber(args[1]), tonumber(claimed or 0)
if writer ~= holder then return {0, holder} end
local time = call('TIME')
local stamp = math.max(time[1] * 1000000 + time[2], mark + 1, tonumber(args[2]))
local last = stamp
local reply = {stamp, writer}

-- Of a pcall: whether the server refused to look, which says nothing about what is there.
local function refused(old)
  return type(old) == 'table' and old.err and not string.find(old.err, 'WRONGTYPE', 1, true)
end

local function head(magic, at)
  return encode('<I4I8I4', magic, at, at % 4294967291)
end
local function except(row, what, stored, at)
  local r = #reply
  reply[r + 1], reply[r + 2], reply[r + 3], reply[r + 4] = row, what, stored, at
end
local function clock_at(at)
  return string.format('%.0f %.0f', at, writer)
end
)";

}  // namespace skewless::redis
