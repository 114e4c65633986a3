#include "online/redis/row_walk.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "online/redis/rights_script.h"

namespace skewless::redis {
namespace {

constexpr char kKeysPerStep[] = "500";
constexpr int64_t kPauseNs = 20'000'000;

}  // namespace

// A server that is full refuses no DEL, and after it not the clock either.
const Script& RemovalScript() {
  static const Script script = MakeScript(R"(
local mark, holder = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+) (%d+)$')
if tonumber(holder or 0) ~= tonumber(ARGV[1]) then return 0 end
local row = redis.pcall('HMGET', KEYS[1], ':format', ':layout', ':available')
if row.err or row[1] ~= '1' or not row[2] or row[2] == ARGV[2] then return 0 end
local at = tonumber(row[3] or '')
if not at or at > tonumber(ARGV[3]) then return 0 end
redis.call('DEL', KEYS[1])
if at > tonumber(mark) then
  redis.call('SET', KEYS[2], string.format('%.0f %s', at, holder))
end
return 1
)");
  return script;
}

void RowWalk::Forget() {
  scanning_ = false;
  rows_.clear();
  removals_ = 0;
}

size_t RowWalk::Ask(int64_t now_ns, Bytes* out) {
  if (!going_ || busy() || now_ns - step_ended_ns_ < kPauseNs) return 0;
  AppendCommand({"SCAN", cursor_, "MATCH", keys_.Pattern(), "COUNT", kKeysPerStep, "TYPE", "hash"},
                out);
  scanning_ = true;
  return 1;
}

// Replies come in the order of the commands.
size_t RowWalk::Take(const redisReply& reply, Bytes* out) {
  size_t more = 0;
  if (scanning_) {
    scanning_ = false;
    more = TakeKeys(reply, out);
  } else if (!rows_.empty()) {
    more = TakeLayout(reply, out);
  } else {
    --removals_;
    removed_ += reply.type == REDIS_REPLY_INTEGER ? reply.integer : 0;
  }
  if (!busy()) EndStep();
  return more;
}

void RowWalk::EndStep() {
  cursor_ = next_;
  if (cursor_ == "0") going_ = false;
  step_ended_ns_ = MonotonicNanos();
}

size_t RowWalk::TakeKeys(const redisReply& reply, Bytes* out) {
  next_ = "0";  // where it refuses, that was all
  if (IsError(reply)) refusal_ = TextOf(reply);
  const redisReply* const found = KeysOfScan(reply, &next_);
  if (found == nullptr || !going_) return 0;
  for (size_t i = 0; i < found->elements; ++i) {
    const std::string_view key = TextOf(*found->element[i]);
    const int view = keys_.ViewOfValues(key);
    if (view < 0) continue;
    AppendCommand({"HGET", key, ":layout"}, out);
    rows_.push_back({view, std::string(key)});
  }
  return rows_.size();
}

size_t RowWalk::TakeLayout(const redisReply& reply, Bytes* out) {
  const Row row = std::move(rows_.front());
  rows_.pop_front();
  const uint64_t layout = options_.fingerprints[static_cast<size_t>(row.view)];
  const std::string ours = fmt::format("{:016x}", layout);
  if (IsError(reply) && LacksRights(TextOf(reply))) refusal_ = TextOf(reply);
  if (!going_ || !IsText(reply) || TextOf(reply) == ours) return 0;
  AppendCommand({"EVALSHA", RemovalScript().name, "2", row.key, keys_.Clock(SlotOf(row.key)),
                 std::to_string(writer_), ours, std::to_string(latest_us_)},
                out);
  ++removals_;
  return 1;
}

}  // namespace skewless::redis
