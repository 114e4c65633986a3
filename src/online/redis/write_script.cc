#include "online/redis/write_script.h"

namespace skewless::redis {

// Numbers are doubles here. Stamps in microseconds stay below 2^53. Sequences don't (they have the
// epoch in their high bits), so they are compared in halves and handed back as the bytes that they
// are; never as strings, since Lua's < on strings goes by the server's locale.
//
// Where the time goes, and so why it is written like this: a call of Redis out of Lua, so one MSET
// for all rows; a number among its arguments, which is printed with 17 digits, so '0' and '31'; and
// a long string made in Lua, which is hashed byte by byte, so that neither is an old row fetched
// whole nor a new one put together, but stamped in place.
const std::string_view kWriteScript = R"(
local call, pcall, decode, encode = redis.call, redis.pcall, struct.unpack, struct.pack
local keys, rows, count = KEYS, ARGV, #KEYS - 1
local clock = keys[count + 1]
local mark, claimed = string.match(call('GET', clock) or '', '^(%d+) (%d+)$')
local writer, holder = decode('<I4', rows[1], 37), tonumber(claimed or 0)
if writer ~= holder then return {0, holder} end
local time = call('TIME')
local stamp = time[1] * 1000000 + time[2]
if stamp <= tonumber(mark) then stamp = mark + 1 end
local last = stamp
local reply = {stamp, writer}
local put, stamps, n = {}, {}, 0

local function head(at)
  return encode('<I4I8I4', 827476819, at, at % 4294967291)
end
local function except(row, what, sequence, at)
  local r = #reply
  reply[r + 1], reply[r + 2], reply[r + 3], reply[r + 4] = row, what, sequence, at
end

local now = head(stamp)
for i = 1, count do
  local key, row, with = keys[i], rows[i], now
  local old = pcall('GETRANGE', key, '0', '31')
  if old ~= '' then
    local magic, at, _, _, _, old_low, old_high
    if #old == 32 then magic, at, _, _, _, old_low, old_high = decode('<I4I8I4I4I4I4I4', old) end
    local low, high = decode('<I4I4', row, 25)
    if magic ~= 827476819 then
      with = nil
      except(i, 'foreign', '', 0)
    elseif high < old_high or (high == old_high and low <= old_low) then
      with = nil
      local same = high == old_high and low == old_low
      except(i, same and 'same' or 'older', string.sub(old, 25, 32), at)
    elseif at >= stamp then
      local mine = at + 1
      with = head(mine)
      if mine > last then last = mine end
      except(i, 'written', string.sub(row, 25, 32), mine)
    end
  end
  if with then
    put[n + 1], put[n + 2], stamps[n + 1] = key, row, with
    n = n + 2
  end
end
if n > 0 then
  put[n + 1], put[n + 2] = clock, string.format('%.0f %.0f', last, writer)
  call('MSET', unpack(put))
  for i = 1, n, 2 do call('SETRANGE', put[i], '0', stamps[i]) end
end
if #rows > count then
  local expires = {}
  for i = 1, count do expires[keys[i]] = rows[count + i] end
  for i = 1, n, 2 do
    if expires[put[i]] ~= '0' then call('PEXPIREAT', put[i], expires[put[i]]) end
  end
end
return reply
)";

const std::string_view kClaimScript = R"(
local writer = tonumber(ARGV[1])
local value = redis.call('GET', KEYS[1]) or ''
local mark, holder = string.match(value, '^(%d+) (%d+)$')
if holder and tonumber(holder) > writer then return tonumber(holder) end
redis.call('SET', KEYS[1], string.format('%s %.0f', mark or '0', writer))
return writer
)";

const std::string_view kOpenScript = R"(
local claimed = string.match(redis.call('GET', KEYS[1]) or '', '^%d+ (%d+)$')
local holder = tonumber(claimed or 0)
if holder == tonumber(ARGV[1]) then redis.call('SET', KEYS[2], ARGV[2]) end
return holder
)";

}  // namespace skewless::redis
