#include "online/redis/write_script.h"

namespace skewless::redis {

// Numbers are doubles here. Stamps in microseconds stay below 2^53. Sequences don't (they have the
// epoch in their high bits), so they are compared in halves and handed back as the bytes that they
// are; never as strings, since Lua's < on strings goes by the server's locale.
const std::string_view kWriteScript = R"(
local call, unpack, pack = redis.call, struct.unpack, struct.pack
local time = call('TIME')
local stamp = time[1] * 1000000 + time[2]
local mark = call('GET', KEYS[1])
if mark and stamp <= tonumber(mark) then stamp = mark + 1 end
local last = stamp
local head = pack('<c4I8I4', 'SKR1', stamp, stamp % 4294967291)
local reply = {stamp, mark and 1 or 0}
local rows = #KEYS - 1
local expires = #ARGV > rows
local wrote = false
local function except(row, what, sequence, at)
  local n = #reply
  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = row, what, sequence, at
end
for i = 1, rows do
  local key, row = KEYS[i + 1], ARGV[i]
  local old = redis.pcall('GETRANGE', key, 0, 31)
  local put, with = true, head
  if type(old) ~= 'string' or (#old > 0 and (#old < 32 or string.sub(old, 1, 4) ~= 'SKR1')) then
    put = false
    except(i, 'foreign', '', 0)
  elseif #old > 0 then
    local at, _, _, _, old_low, old_high = unpack('<I8I4I4I4I4I4', old, 5)
    local low, high = unpack('<I4I4', row, 9)
    if high < old_high or (high == old_high and low <= old_low) then
      put = false
      local same = high == old_high and low == old_low
      except(i, same and 'same' or 'older', string.sub(old, 25, 32), at)
    elseif at >= stamp then
      with = pack('<c4I8I4', 'SKR1', at + 1, (at + 1) % 4294967291)
      if at + 1 > last then last = at + 1 end
      except(i, 'written', string.sub(row, 9, 16), at + 1)
    end
  end
  if put then
    wrote = true
    if expires and ARGV[rows + i] ~= '0' then
      call('SET', key, with .. row, 'PXAT', ARGV[rows + i])
    else
      call('SET', key, with .. row)
    end
  end
end
if wrote then call('SET', KEYS[1], string.format('%.0f', last)) end
return reply
)";

}  // namespace skewless::redis
