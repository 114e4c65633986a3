// What the writer knows of the servers' clocks.
//
// Every server is asked for its time now and then, and what all of them have passed is sent with
// each call, whose stamp is no earlier: so it holds whatever clock rows come to later, where a
// server is replaced or a slot moves, and delays no reader, as no server's clock is before it. One
// server's stamps ascend from call to call, so there the last stamp tells as much; a cluster has a
// clock for each slot, of which those that were not written to for long tell nothing.
#include <algorithm>

#include "base/clock.h"
#include "online/redis/redis_rows.h"

namespace skewless::redis {
namespace {

constexpr int64_t kTimePauseNs = 100'000'000;  // between questions for a server's time

}  // namespace

void RedisRows::NoteTime(Timestamp time_us) {
  time_us_ = time_us;
  time_noted_ns_ = MonotonicNanos();
}

Timestamp RedisRows::now_us() const {
  if (time_us_ == kMinTimestamp) return kMinTimestamp;
  return time_us_ + (MonotonicNanos() - time_noted_ns_) / 1000;
}

void RedisRows::AskForTime(Lane& lane) {
  const int64_t now = MonotonicNanos();
  if (now - lane.time_asked_ns < kTimePauseNs) return;
  lane.time_asked_ns = now;
  AppendCommand({"TIME"}, &lane.connection->out());
  lane.connection->Expect(1);
  lane.sent.push_back({Awaited::kTime, nullptr});
}

void RedisRows::TakeTime(Lane* lane, const redisReply& reply) {
  const Result<Timestamp> time = TimeOf(reply);
  if (!time) return;  // the next answer may tell
  lane->time_us = *time;
  Timestamp least = kMaxTimestamp;
  for (Connection* const used : servers_->Used()) least = std::min(least, LaneOf(*used).time_us);
  if (least == kMaxTimestamp) return;
  least_stamp_ = std::max(least_stamp_, least);
  // All of them have passed it. The answer that now_us goes on from was long under way, or this
  // machine stood still since. Late answers like this one never set it back.
  if (time_us_ != kMinTimestamp && least > now_us()) NoteTime(least);
}

}  // namespace skewless::redis
