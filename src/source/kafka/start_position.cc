#include "source/kafka/start_position.h"

#include "source/kafka/kafka_client.h"

namespace skewless {
namespace {

tl::unexpected<Error> Unavailable(const std::string& stream, rd_kafka_resp_err_t error) {
  return Fail(ErrorCode::kUnavailable,
              "the offsets of '" + stream + "' can't be told: " + rd_kafka_err2str(error));
}

// What `ask` makes of the offset `given`, for one partition.
template <typename Ask>
Result<int64_t> AskOffset(const std::string& topic, int32_t partition, int64_t given,
                          const Ask& ask) {
  const KafkaHandle<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_t* place =
      rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
  place->offset = given;
  rd_kafka_resp_err_t error = ask(list.get());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) error = place->err;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return place->offset;
  return Unavailable(KafkaStream(topic, partition), error);
}

// The first offset whose message is of `time_us` or later; negative where there is none.
Result<int64_t> AskOffsetOfTime(rd_kafka_t* client, const std::string& topic, int32_t partition,
                                Timestamp time_us, int timeout_ms) {
  return AskOffset(topic, partition, (time_us + 999) / 1000, [&](auto* list) {
    return rd_kafka_offsets_for_times(client, list, timeout_ms);
  });
}

// What the group has committed of a partition; negative: nothing.
Result<int64_t> AskCommitted(rd_kafka_t* client, const std::string& topic, int32_t partition,
                             int timeout_ms) {
  return AskOffset(topic, partition, RD_KAFKA_OFFSET_INVALID,
                   [&](auto* list) { return rd_kafka_committed(client, list, timeout_ms); });
}

}  // namespace

Result<HeldOffsets> AskHeldOffsets(rd_kafka_t* client, const std::string& topic, int32_t partition,
                                   int timeout_ms) {
  HeldOffsets held;
  const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
      client, topic.c_str(), partition, &held.begin, &held.end, timeout_ms);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return held;
  return Unavailable(KafkaStream(topic, partition), error);
}

Result<int64_t> StartPositions::Find(rd_kafka_t* client, const std::string& topic,
                                     int32_t partition, bool appeared, int timeout_ms) {
  const std::string stream = KafkaStream(topic, partition);
  SKEWLESS_ASSIGN_OR_RETURN(const HeldOffsets held,
                            AskHeldOffsets(client, topic, partition, timeout_ms));
  const auto logged = logged_.find(stream);
  if (logged != logged_.end()) return Check(stream, logged->second, held);
  if (FollowsGroup()) {
    // Behind the end may lie what came between two owners, and is in nobody's log.
    SKEWLESS_ASSIGN_OR_RETURN(const int64_t committed,
                              AskCommitted(client, topic, partition, timeout_ms));
    if (committed >= 0) return Check(stream, committed, held, /*vanished=*/false, kOfGroup);
  }
  if (appeared) return held.begin;
  switch (kafka_.start.kind) {
    case KafkaStart::Kind::kLatest:
      return held.end;
    case KafkaStart::Kind::kTimestamp: {
      SKEWLESS_ASSIGN_OR_RETURN(
          const int64_t first,
          AskOffsetOfTime(client, topic, partition, kafka_.start.time_us, timeout_ms));
      return first < 0 ? held.end : first;
    }
    case KafkaStart::Kind::kOffsets: {
      const auto given = kafka_.start.offsets.find(stream);
      if (given != kafka_.start.offsets.end()) return Check(stream, given->second, held);
      break;
    }
    case KafkaStart::Kind::kEarliest:
      break;
  }
  return held.begin;
}

bool StartPositions::KnowsTopic(const std::string& topic) const {
  const std::string prefix = topic + "/";
  for (auto at = logged_.lower_bound(prefix); at != logged_.end() && at->first.starts_with(prefix);
       ++at) {
    // The log's other streams may be files of a folder that is named like the topic.
    const std::string_view number = std::string_view(at->first).substr(prefix.size());
    if (!number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos)
      return true;
  }
  return false;
}

// A position beyond the end is one of a topic that was made anew, or whose end was lost with a
// broker. Where nobody saw the topic go, what lies before the end may have been read already, and
// would come twice: it goes on at the end.
Result<int64_t> StartPositions::Check(const std::string& stream, int64_t position, HeldOffsets held,
                                      bool vanished, PositionOf whose) {
  if (position >= held.begin && position <= held.end) return position;
  const std::string what =
      "partition '" + stream + "': position " + std::to_string(position) +
      (whose == kOfGroup ? ", to which group '" + kafka_.group + "' has read," : std::string()) +
      " is no longer there; the broker has " + std::to_string(held.begin) + " to " +
      std::to_string(held.end);
  if (!kafka_.go_on_where_data_is_lost) {
    // The group's outlives this log.
    return Fail(ErrorCode::kInvalid, place_ + what,
                "Set on_lost_data: continue to go on without what is gone, or " +
                    std::string(whose == kOfGroup ? "name another group, or reset its offsets."
                                                  : "begin a new log."));
  }
  const auto go_on = [&](int64_t next, const std::string& why) {
    if (notice_) notice_(place_ + what + "; going on at " + std::to_string(next) + why);
    return next;
  };
  if (position < held.begin) {
    lost_ += held.begin - position;
    return go_on(held.begin, "");
  }
  ++lost_ends_;
  if (vanished) return go_on(held.begin, ": the topic was made anew");
  return go_on(
      held.end,
      ": what is there was read before its end was lost, or is passed over where the topic "
      "was made anew");
}

}  // namespace skewless
