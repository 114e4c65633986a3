#include "online/redis/increment_script.h"

namespace skewless::redis {

// Numbers, sequences and where the time goes: as in write_script.cc. A script that fails is not
// rolled back, so the first command that writes is one of which no row depends: where the server is
// full or takes no writes, it is that one that fails. An increment that fails (somebody wrote into
// the hash by hand) leaves a row that is refused by its checksum until it is written whole, and
// stays: an entity without a row would be one without events.
const std::string_view kIncrementScript = R"(
local marked, written = false, {}

-- As many words at a time as Lua's stack holds.
local function each(command, key, from, to)
  for i = from, to, 4000 do call(command, key, unpack(args, i, math.min(i + 3999, to))) end
end
local function add(key, from, to)
  for i = from, to, 2 do
    local sum = pcall('HINCRBY', key, args[i], args[i + 1])
    if type(sum) == 'table' then return sum end
  end
end

local now = head(826886995, stamp)
local at = 3
for i = 1, count do
  local key, row, plan = keys[i], args[at], args[at + 1]
  local sets, adds, removes = decode('<I4I4I4', plan)
  local set_at = at + 2
  local add_at = set_at + 2 * sets
  local remove_at = add_at + 2 * adds
  at = remove_at + removes
  local whole = #plan == 12
  local with, mine = now, stamp
  local old = pcall('HGET', key, 'row')
  if refused(old) then return old end
  if type(old) == 'table' or (not old and whole and call('EXISTS', key) == 1) then
    with = nil
    except(i, 'foreign', '', 0)
  elseif not old then
    if not whole then
      with = nil
      except(i, 'apart', '', 0)
    end
  else
    local magic, old_at, old_low, old_high, old_writer, _
    if #old >= 40 then
      magic, old_at, _, _, _, old_low, old_high, _, old_writer = decode('<I4I8I4I4I4I4I4I4I4', old)
    end
    local low, high = decode('<I4I4', row, 25)
    if magic ~= 826886995 then
      with = nil
      except(i, 'foreign', '', 0)
    elseif high < old_high or (high == old_high and low <= old_low) then
      with = nil
      local same = high == old_high and low == old_low
      except(i, same and 'same' or 'older', string.sub(old, 25, 32), old_at)
    elseif not whole and (writer ~= old_writer or string.sub(plan, 13) ~= string.sub(old, 25, 32)) then
      with = nil
      except(i, 'apart', '', 0)
    elseif old_at >= stamp then
      mine = old_at + 1
      with = head(826886995, mine)
    end
  end
  if with then
    if not marked then call('SET', clock, clock_at(stamp)) end
    marked = true
    if whole then call('DEL', key) end
    local failed = add(key, add_at, remove_at - 1)
    if failed and denied(failed.err) then return failed end
    if not failed then
      each('HDEL', key, remove_at, at - 1)
      local first = math.min(set_at + 3999, add_at - 1)
      call('HSET', key, 'row', with .. string.sub(row, 17), unpack(args, set_at, first))
      each('HSET', key, first + 1, add_at - 1)
      written[#written + 1] = i
      if mine > last then last = mine end
      if mine ~= stamp then except(i, 'written', string.sub(row, 25, 32), mine) end
    else
      except(i, 'apart', '', 0)
    end
  end
end
if last > stamp then call('SET', clock, clock_at(last)) end
if #args >= at then
  for _, i in ipairs(written) do
    if args[at + i - 1] ~= '0' then call('PEXPIREAT', keys[i], args[at + i - 1]) end
  end
end
return reply
)";

}  // namespace skewless::redis
