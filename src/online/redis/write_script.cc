#include "online/redis/write_script.h"

namespace skewless::redis {

// Sequences are no numbers in Lua (they have the epoch in their high bits): they are compared in
// halves and handed back as the bytes that they are; never as strings, since Lua's < on strings
// goes by the server's locale.
//
// Where the time goes, and so why it is written like this: a call of Redis out of Lua, so one MSET
// for all rows; a number among its arguments, which is printed with 17 digits, so '0' and '31'; and
// a long string made in Lua, which is hashed byte by byte, so that neither is an old row fetched
// whole nor a new one put together, but stamped in place.
const std::string_view kWriteScript = R"(
local put, stamps, n = {}, {}, 0
local now = head(827476819, stamp)
for i = 1, count do
  local key, row, with = keys[i], args[i + 2], now
  local old = pcall('GETRANGE', key, '0', '31')
  if old ~= '' then
    if refused(old) then return old end
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
      with = head(827476819, mine)
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
  put[n + 1], put[n + 2] = clock, clock_at(last)
  call('MSET', unpack(put))
  for i = 1, n, 2 do call('SETRANGE', put[i], '0', stamps[i]) end
end
if #args > count + 2 then
  local expires = {}
  for i = 1, count do expires[keys[i]] = args[count + 2 + i] end
  for i = 1, n, 2 do
    if expires[put[i]] ~= '0' then call('PEXPIREAT', put[i], expires[put[i]]) end
  end
end
return reply
)";

}  // namespace skewless::redis
