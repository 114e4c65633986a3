// Where reading of a partition begins: where the log left it, else where the definition says; and
// what becomes of a position that the broker no longer has.
#pragma once

#include <librdkafka/rdkafka.h>

#include <functional>
#include <map>
#include <string>

#include "base/result.h"
#include "definition/kafka_definition.h"

namespace skewless {

// What a partition holds: the offsets from `begin` to before `end`. kUnavailable: it can't be told
// now.
struct HeldOffsets {
  int64_t begin = 0;
  int64_t end = 0;
};
Result<HeldOffsets> AskHeldOffsets(rd_kafka_t* client, const std::string& topic, int32_t partition,
                                   int timeout_ms);

class StartPositions {
 public:
  enum PositionOf { kOfLog, kOfGroup };
  // `place` begins errors; `logged`: by stream, from the log.
  StartPositions(std::string place, const KafkaDefinition& kafka,
                 std::map<std::string, int64_t> logged,
                 std::function<void(const std::string&)> notice)
      : place_(std::move(place)),
        kafka_(kafka),
        logged_(std::move(logged)),
        notice_(std::move(notice)) {}

  // Of a partition that nothing was read of in this run. `appeared`: it came into being while its
  // topic was read, so all that it has is new.
  Result<int64_t> Find(rd_kafka_t* client, const std::string& topic, int32_t partition,
                       bool appeared, int timeout_ms);
  // Whether a partition that the log doesn't know begins where its group has read to: where `start`
  // says `latest`, the end is what it is when the group first sees the partition.
  bool FollowsGroup() const {
    return !kafka_.group.empty() && kafka_.start.kind == KafkaStart::Kind::kLatest;
  }
  // Whether an earlier run read the topic.
  bool KnowsTopic(const std::string& topic) const;
  // `position` if the broker has it. Else an error, or, with on_lost_data: continue, where to go
  // on: what is gone is noted and counted. `vanished`: the partition was gone since `position` was
  // right, so where it lies beyond the end, the topic was made anew, and all that it has is new.
  // `whose`: who says so, for the error.
  Result<int64_t> Check(const std::string& stream, int64_t position, HeldOffsets held,
                        bool vanished = false, PositionOf whose = kOfLog);

  int64_t lost() const { return lost_; }
  // Positions beyond the end: nobody knows how many messages were lost with each.
  int64_t lost_ends() const { return lost_ends_; }

 private:
  const std::string place_;
  const KafkaDefinition& kafka_;
  const std::map<std::string, int64_t> logged_;
  const std::function<void(const std::string&)> notice_;
  int64_t lost_ = 0, lost_ends_ = 0;
};

}  // namespace skewless
