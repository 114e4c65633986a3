#include "online/redis/values_script.h"

namespace skewless::redis {

// Numbers are doubles here, which hold times in microseconds but not sequences: those are compared
// in two parts. A row of another layout stands where ours belongs, and is written over, whatever
// its sequence: whoever has the claim has the definition that counts, by which an entity's newest
// record may be an older one.
//
// The first command that writes is the clock's, a SET: where the server is full it refuses that
// one, as it wouldn't a DEL, and once a script has written it refuses nothing more of it.
const std::string_view kValuesScript = R"(
local function parts(digits)
  return tonumber(string.sub(digits, 1, -10)) or 0, tonumber(string.sub(digits, -9))
end
local function order(a, b)
  local a_high, a_low = parts(a)
  local b_high, b_low = parts(b)
  if a_high ~= b_high then return a_high < b_high and -1 or 1 end
  if a_low ~= b_low then return a_low < b_low and -1 or 1 end
  return 0
end

local written = false
local word = 3
for i = 1, count do
  local key, words = keys[i], tonumber(args[word])
  local sequence, computed, layout = unpack(args, word + 1, word + 3)
  local first, at = word + 4, stamp
  word = first + words
  local old = pcall('HMGET', key, ':format', ':layout', ':sequence', ':computed_for', ':available')
  if refused(old) then return old end
  if old.err or old[1] ~= '1' or not (old[2] and old[3] and old[4] and old[5]) then
    if old.err or old[1] or call('EXISTS', key) == 1 then
      at = nil
      except(i, 'foreign', '', 0)
    end
  else
    local what
    if layout == old[2] then
      local newer = order(sequence, old[3])
      if newer < 0 then
        what = 'older'
      elseif newer == 0 and computed == old[4] then
        what = 'same'
      elseif tonumber(computed) <= tonumber(old[4]) then
        what = 'behind'
      end
    end
    if what then
      at = nil
      except(i, what, old[3] .. ' ' .. old[5] .. ' ' .. old[4], tonumber(old[5]))
    elseif tonumber(old[5]) >= stamp then
      at = tonumber(old[5]) + 1
      if at > last then last = at end
      except(i, 'written', '', at)
    end
  end
  if at then
    if not written then call('SET', clock, clock_at(stamp)) end
    written = true
    call('DEL', key)
    for from = first, word - 1, 1000 do
      call('HSET', key, unpack(args, from, math.min(from + 999, word - 1)))
    end
    call('HSET', key, ':sequence', sequence, ':computed_for', computed,
         ':available', string.format('%.0f', at), ':layout', layout, ':writer', args[1])
  end
end
if last > stamp then call('SET', clock, clock_at(last)) end
return reply
)";

const std::string_view kReadValuesScript = R"(
local rows = {redis.call('GET', KEYS[1])}
for i = 2, #KEYS do rows[i] = redis.call('HGETALL', KEYS[i]) end
return rows
)";

}  // namespace skewless::redis
