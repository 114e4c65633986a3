// Which partitions a Kafka source reads, and from where.
#include <algorithm>

#include "base/clock.h"
#include "source/kafka/kafka_consumer.h"

namespace skewless {
namespace {

constexpr int kAskMillis = 2000;  // for what must be known before reading can begin
constexpr int64_t kRetryNanos = 500'000'000;
// Whether brokers are back, where nothing comes of them anyway.
constexpr int kAskBackMillis = 500;
constexpr int64_t kAskBackNanos = 1'000'000'000;

}  // namespace

Status KafkaConsumer::Maintain() {
  if (!fatal_.has_value()) return fatal_;
  if (const auto lost = brokers_.TakeLasting(MonotonicNanos())) Tell(*lost);
  if (brokers_.away()) AskWhetherBack();
  SKEWLESS_RETURN_IF_ERROR(GoOnWhereLost());
  if (MonotonicNanos() >= next_discovery_nanos_)
    SKEWLESS_RETURN_IF_ERROR(is_member() ? CheckStartOfMember() : Discover());
  return wanted_.empty() ? Status{} : Resolve();
}

Status KafkaConsumer::Discover() {
  bool all = true;
  for (const std::string& topic : kafka_.topics) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool known, DiscoverTopic(topic));
    all &= known;
  }
  discovered_ |= all;
  next_discovery_nanos_ = MonotonicNanos() + (all ? refresh_nanos_ : kRetryNanos);
  return {};
}

// The client connects again by itself; of a silent topic it tells nobody.
void KafkaConsumer::AskWhetherBack() {
  if (MonotonicNanos() < next_asking_nanos_) return;
  const rd_kafka_metadata_t* told = nullptr;
  if (rd_kafka_metadata(client_.get(), /*all_topics=*/0, nullptr, &told, kAskBackMillis) ==
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(told);
    SetBack();
  }
  next_asking_nanos_ = MonotonicNanos() + kAskBackNanos;
}

// How many partitions a topic has; 0: it isn't there; -1: the brokers can't tell now.
int32_t KafkaConsumer::AskPartitions(const std::string& topic) {
  const KafkaHandle<rd_kafka_topic_t> handle(
      rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
  const rd_kafka_metadata_t* told = nullptr;
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(client_.get(), 0, handle.get(), &told, kAskMillis);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++errors_;
    is_down_ = true;
    unanswered_ = "the brokers at " + kafka_.brokers + " don't answer: " + rd_kafka_err2str(error);
    return -1;
  }
  const std::unique_ptr<const rd_kafka_metadata_t, void (*)(const rd_kafka_metadata_t*)> owner(
      told, rd_kafka_metadata_destroy);
  SetBack();
  const rd_kafka_metadata_topic_t& found = told->topics[0];
  if (SaysNotThere(found.err)) return 0;
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR || found.partition_cnt == 0) {
    Note("topic '" + topic + "' isn't ready: " + rd_kafka_err2str(found.err));
    return -1;
  }
  return found.partition_cnt;
}

// False where the brokers can't tell now.
Result<bool> KafkaConsumer::DiscoverTopic(const std::string& topic) {
  const int32_t there = AskPartitions(topic);
  if (there < 0) return false;
  if (!discovered_) SKEWLESS_RETURN_IF_ERROR(CheckStart(topic, there));
  SKEWLESS_RETURN_IF_ERROR(Want(topic, there));
  return true;
}

// Of a topic when it is first seen. Offsets of partitions that aren't there would be passed over in
// silence.
Status KafkaConsumer::CheckStart(const std::string& topic, int32_t there) const {
  if (there == 0) {
    return Fail(ErrorCode::kNotFound,
                place_ + "there is no topic '" + topic + "' at " + kafka_.brokers,
                "Create the topic, or mend its name.");
  }
  for (const auto& [stream, offset] : kafka_.start.offsets) {
    const size_t slash = stream.rfind('/');
    if (stream.substr(0, slash) != topic || std::stol(stream.substr(slash + 1)) < there) continue;
    return Fail(ErrorCode::kNotFound,
                place_ + "start.offsets names partition '" + stream + "', and topic '" + topic +
                    "' has 0 to " + std::to_string(there - 1),
                "Remove it from start.offsets, or mend its number.");
  }
  return {};
}

// The group tells a member which partitions are its own; what it was told of others it never reads.
Status KafkaConsumer::CheckStartOfMember() {
  next_discovery_nanos_ = INT64_MAX;
  if (starts_.FollowsGroup()) CountPartitions();
  if (discovered_ || kafka_.start.offsets.empty()) return {};
  for (const std::string& topic : kafka_.topics) {
    const int32_t there = AskPartitions(topic);
    if (there < 0) {
      next_discovery_nanos_ = MonotonicNanos() + kRetryNanos;
      return {};
    }
    SKEWLESS_RETURN_IF_ERROR(CheckStart(topic, there));
  }
  discovered_ = true;
  return {};
}

// Those that come behind them are new, whoever of the group reads them first: Kafka adds partitions
// at the end alone.
void KafkaConsumer::CountPartitions() {
  for (const std::string& topic : kafka_.topics) {
    if (first_partitions_.contains(topic)) continue;
    const int32_t there = AskPartitions(topic);
    if (there > 0) {
      first_partitions_.emplace(topic, there);
    } else {
      next_discovery_nanos_ = MonotonicNanos() + kRetryNanos;
    }
  }
}

// Takes what is new of a topic that has `there` partitions, and lets go of what went.
Status KafkaConsumer::Want(const std::string& topic, int32_t there) {
  std::vector<int32_t> numbers = kafka_.partitions;
  for (int32_t i = 0; kafka_.partitions.empty() && i < there; ++i) numbers.push_back(i);
  for (const int32_t number : numbers) {
    if (number >= there) {
      if (discovered_) continue;
      return Fail(ErrorCode::kNotFound,
                  place_ + "topic '" + topic + "' has no partition " + std::to_string(number) +
                      "; it has 0 to " + std::to_string(there - 1),
                  "Mend 'partitions', or remove it to read them all.");
    }
    KafkaPartition& partition = partitions_.At(topic, number);
    if (partition.assigned || std::ranges::find(wanted_, &partition) != wanted_.end()) continue;
    // Those that the definition names were there when it named them.
    partition.appeared = kafka_.partitions.empty() && (discovered_ || starts_.KnowsTopic(topic));
    if (discovered_ && notice_) notice_(place_ + "partition '" + partition.stream + "' appeared");
    wanted_.push_back(&partition);
  }
  bool any_went = false;
  for (const auto& [key, partition] : partitions_.all()) {
    if (key.first != topic || key.second < there || !partition->assigned) continue;
    Drop(*partition, "vanished");
    partition->vanished = true;
    any_went = true;
  }
  return any_went ? Assign() : Status{};
}

void KafkaConsumer::Drop(KafkaPartition& partition, const std::string& why) {
  partition.assigned = false;
  changes_.push_back({partition.stream, 0, /*ended=*/true});
  if (notice_) {
    notice_(place_ + "partition '" + partition.stream + "' " + why + ", at position " +
            std::to_string(partition.next));
  }
}

// Finds out where to begin; then all that are wanted are assigned at once.
Status KafkaConsumer::Resolve() {
  for (KafkaPartition* partition : wanted_) {
    if (starts_.FollowsGroup()) {
      const auto first = first_partitions_.find(partition->topic);
      if (first == first_partitions_.end()) return {};
      partition->appeared = partition->number >= first->second;
    }
    Result<int64_t> next = partition->next;
    if (partition->next < 0) {
      next = starts_.Find(client_.get(), partition->topic, partition->number, partition->appeared,
                          kAskMillis);
    } else {
      const auto held =
          AskHeldOffsets(client_.get(), partition->topic, partition->number, kAskMillis);
      next = held ? starts_.Check(partition->stream, partition->next, *held, partition->vanished)
                  : tl::unexpected<Error>(held.error());
    }
    if (!next && next.error().code == ErrorCode::kUnavailable) {
      Note(next.error().message);
      return {};
    }
    SKEWLESS_ASSIGN_OR_RETURN(partition->next, std::move(next));
  }
  std::vector<SourcePosition> begun;
  for (KafkaPartition* partition : wanted_) {
    partition->assigned = true;
    partition->vanished = false;
    partition->at_end = false;
    partition->announced = false;
    if (partition->records == 0) begun.push_back({partition->stream, partition->next});
  }
  wanted_.clear();
  SKEWLESS_RETURN_IF_ERROR(Assign());
  // At once, and not behind the log: a member that takes over before it would see another end.
  if (starts_.FollowsGroup()) Commit(begun, /*wait=*/false);
  return {};
}

// Where the broker no longer has what comes next. Everything before it was handed out by now.
Status KafkaConsumer::GoOnWhereLost() {
  if (out_of_range_.empty()) return {};
  for (KafkaPartition* partition : out_of_range_) {
    if (!partition->assigned) continue;
    const auto held =
        AskHeldOffsets(client_.get(), partition->topic, partition->number, kAskMillis);
    if (!held) {
      Note(held.error().message);
      return {};
    }
    SKEWLESS_ASSIGN_OR_RETURN(partition->next,
                              starts_.Check(partition->stream, partition->next, *held));
  }
  out_of_range_.clear();
  return Assign();
}

Status KafkaConsumer::Assign() {
  const auto list = partitions_.Assigned();
  const rd_kafka_resp_err_t error = rd_kafka_assign(client_.get(), list.get());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return Fail(ErrorCode::kInternal,
              place_ + "can't take its partitions: " + rd_kafka_err2str(error));
}

// Called from within a fetch. The group waits for an answer to new partitions, which Resolve gives.
void KafkaConsumer::OnRebalance(rd_kafka_t* client, rd_kafka_resp_err_t what,
                                rd_kafka_topic_partition_list_t* list, void* self) {
  auto& consumer = *static_cast<KafkaConsumer*>(self);
  consumer.wanted_.clear();
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    for (int i = 0; i < list->cnt; ++i) {
      const rd_kafka_topic_partition_t& given = list->elems[i];
      KafkaPartition& partition = consumer.partitions_.At(given.topic, given.partition);
      consumer.wanted_.push_back(&partition);
      if (consumer.notice_) {
        consumer.notice_(consumer.place_ + "partition '" + partition.stream +
                         "' was assigned by group " + consumer.group_);
      }
    }
    if (list->cnt == 0) rd_kafka_assign(client, list);
    return;
  }
  for (const auto& [key, partition] : consumer.partitions_.all()) {
    if (partition->assigned) consumer.Drop(*partition, "was revoked by group " + consumer.group_);
  }
  rd_kafka_assign(client, nullptr);
}

}  // namespace skewless
