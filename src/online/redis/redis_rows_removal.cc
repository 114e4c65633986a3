// Finished values of other definitions leave by and by, once ours are open: each server's rows are
// walked through beside the writes.
#include "base/clock.h"
#include "base/event_log.h"
#include "online/redis/redis_rows.h"

namespace skewless::redis {

void RedisRows::RemoveOthers(Timestamp latest_us) {
  if (!options_.keeps_values()) return;  // there another definition's rows have other keys
  for (Connection* const used : servers_->Used()) {
    Lane& lane = LaneOf(*used);
    for (Awaited& awaited : lane.sent) {
      if (awaited.kind == Awaited::kWalk) awaited.kind = Awaited::kNothing;
    }
    lane.walk.emplace(keys_, options_, writer_, latest_us);
  }
}

void RedisRows::StopWalks() {
  for (auto& [endpoint, lane] : lanes_) {
    if (lane.walk) lane.walk->Stop();
  }
}

void RedisRows::ExpectOfWalk(Lane& lane, size_t replies) {
  if (replies == 0) return;
  lane.connection->Expect(replies);
  for (size_t i = 0; i < replies; ++i) lane.sent.push_back({Awaited::kWalk, nullptr});
}

void RedisRows::GoOnWalking(Lane& lane) {
  if (lane.walk) ExpectOfWalk(lane, lane.walk->Ask(MonotonicNanos(), &lane.connection->out()));
}

void RedisRows::TakeWalk(Lane& lane, const redisReply& reply) {
  RowWalk& walk = *lane.walk;
  ExpectOfWalk(lane, walk.Take(reply, &lane.connection->out()));
  if (!walk.over()) return;
  const std::string server = lane.connection->endpoint().ToString();
  if (walk.removed() > 0)
    LogEvent(EventLevel::kInfo, "rows of other definitions removed",
             {{"server", server}, {"rows", walk.removed()}});
  if (!walk.refusal().empty())
    LogEvent(EventLevel::kWarning, "rows of other definitions stay",
             {{"server", server}, {"error", walk.refusal()}});
  lane.walk.reset();
}

}  // namespace skewless::redis
