#include "source/kafka/kafka_consumer.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "source/input_files.h"
#include "source/kafka/kafka_environment.h"
#include "source/kafka/kafka_settings.h"

namespace skewless {
namespace {

constexpr int64_t kRefreshMillis = 30'000;
// What the client fetches ahead, unless the user says: enough for a distant broker, and little
// enough that its memory is used again while it is warm.
constexpr int64_t kAheadKiB = 32 << 10;
constexpr int64_t kAheadMessages = 50'000;  // of a partition

std::map<std::string, int64_t> ByStream(const std::vector<SourcePosition>& positions) {
  std::map<std::string, int64_t> by_stream;
  for (const SourcePosition& position : positions) by_stream[position.stream] = position.offset;
  return by_stream;
}

bool IsOfSettings(int error) {
  return error == RD_KAFKA_RESP_ERR__SSL || error == RD_KAFKA_RESP_ERR__AUTHENTICATION;
}

// What to do about a connection that failed.
const char* RemedyOf(int error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return "Mend the host in 'brokers', or the name service.";
    case RD_KAFKA_RESP_ERR__SSL:
      return "Is security.protocol in 'settings' the brokers' own, and ssl.ca.location the "
             "authority of their certificates?";
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      return "Mend sasl.mechanisms, sasl.username and sasl.password in 'settings' or "
             "'settings_env'.";
    default:
      return "Are they running, and reachable from here? Is security.protocol in 'settings' that "
             "of "
             "their port?";
  }
}

}  // namespace

KafkaConsumer::KafkaConsumer(const Definition& definition, const SourceDefinition& source,
                             const SourceOptions& options)
    : source_(source),
      kafka_(*source.kafka),
      place_(SourcePlace(source)),
      group_(is_member() ? kafka_.group : "skewless-" + definition.project + "-" + source.name),
      notice_(options.notice),
      refresh_nanos_(
          KafkaNumber(kafka_.settings, "topic.metadata.refresh.interval.ms", kRefreshMillis) *
          1'000'000),
      ahead_bytes_(KafkaNumber(kafka_.settings, "queued.max.messages.kbytes", kAheadKiB) << 10),
      ahead_messages_(KafkaNumber(kafka_.settings, "queued.min.messages", kAheadMessages)),
      starts_(place_, kafka_, ByStream(options.resume), notice_),
      brokers_(source.name) {}

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::Open(const Definition& definition,
                                                           const SourceDefinition& source,
                                                           const SourceOptions& options) {
  std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(definition, source, options));
  SKEWLESS_RETURN_IF_ERROR(consumer->Connect());
  return consumer;
}

Status KafkaConsumer::Connect() {
  SKEWLESS_ASSIGN_OR_RETURN(const KafkaSettings settings,
                            WithEnvironment(place_, kafka_.settings, kafka_.settings_env));
  // What is fetched ahead bounds the memory: a source that the engine holds up fetches no more.
  KafkaSettings otherwise = {{"queued.min.messages", std::to_string(kAheadMessages)},
                             {"queued.max.messages.kbytes", std::to_string(kAheadKiB)},
                             {"client.id", "skewless"}};
  if (settings.contains("session.timeout.ms"))
    otherwise["heartbeat.interval.ms"] = std::to_string(HeartbeatMillis(settings));
  const KafkaSettings own = {{"group.id", group_},
                             {"enable.auto.commit", "false"},
                             {"enable.auto.offset.store", "false"},
                             {"auto.offset.reset", "error"},
                             {"enable.partition.eof", "true"}};
  SKEWLESS_ASSIGN_OR_RETURN(auto conf,
                            KafkaConfiguration(place_, kafka_.brokers, settings, otherwise, own));
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_error_cb(conf.get(), OnError);
  rd_kafka_conf_set_offset_commit_cb(conf.get(), OnCommit);
  if (is_member()) rd_kafka_conf_set_rebalance_cb(conf.get(), OnRebalance);
  SKEWLESS_ASSIGN_OR_RETURN(client_, NewKafkaClient(place_, RD_KAFKA_CONSUMER, std::move(conf)));
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  if (!is_member()) return {};
  const KafkaHandle<rd_kafka_topic_partition_list_t> topics(
      rd_kafka_topic_partition_list_new(static_cast<int>(kafka_.topics.size())));
  for (const std::string& topic : kafka_.topics) {
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(client_.get(), topics.get());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return Fail(ErrorCode::kInvalid, place_ + "can't subscribe: " + rd_kafka_err2str(error));
}

KafkaConsumer::~KafkaConsumer() {
  messages_.clear();
  queue_.reset();
  if (client_ && is_member()) rd_kafka_consumer_close(client_.get());
}

// ---- messages

Status KafkaConsumer::Poll(size_t most, int wait_ms) {
  messages_.clear();
  SKEWLESS_RETURN_IF_ERROR(Maintain());
  Fetch(most, wait_ms);
  if (!unanswered_.empty() && is_down_) brokers_.LostAll(MonotonicNanos(), unanswered_);
  unanswered_.clear();
  return fatal_;
}

// A batch call waits until the batch is full: it is only asked for what is there already.
void KafkaConsumer::Fetch(size_t most, int wait_ms) {
  fetched_.resize(most);
  ssize_t got = rd_kafka_consume_batch_queue(queue_.get(), 0, fetched_.data(), most);
  if (got <= 0) {
    fetched_[0] = rd_kafka_consume_queue(queue_.get(), wait_ms);
    if (fetched_[0] == nullptr) return;
    got = 1;
    if (most > 1) {
      const ssize_t more =
          rd_kafka_consume_batch_queue(queue_.get(), 0, fetched_.data() + 1, most - 1);
      got += std::max<ssize_t>(more, 0);
    }
  }
  for (ssize_t i = 0; i < got; ++i) {
    KafkaHandle<rd_kafka_message_t> message(fetched_[static_cast<size_t>(i)]);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      taken_bytes_ += static_cast<int64_t>(message->len);
      ++taken_messages_;
      messages_.push_back(std::move(message));
    } else {
      TakeEvent(*message);
    }
  }
  if (!messages_.empty()) SetBack();
  if (taken_bytes_ >= ahead_bytes_ / 4 || taken_messages_ >= ahead_messages_ / 4) WakeFetchers();
}

// A fetcher that found what it may fetch ahead full sleeps for up to a second, and librdkafka
// (before fetch.queue.backoff.ms came with 2.2) doesn't wake it when there is room again. A request
// to its broker does: nobody waits for what it answers.
void KafkaConsumer::WakeFetchers() {
  taken_bytes_ = taken_messages_ = 0;
  const auto list = partitions_.Assigned();
  for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = RD_KAFKA_OFFSET_END;
  rd_kafka_offsets_for_times(client_.get(), list.get(), /*timeout_ms=*/1);
}

void KafkaConsumer::SetBack() {
  if (!is_down_) return;
  is_down_ = false;
  ++reconnects_;
  brokers_.Back(MonotonicNanos());
}

void KafkaConsumer::TakeEvent(const rd_kafka_message_t& message) {
  KafkaPartition* partition =
      message.rkt == nullptr ? nullptr
                             : &partitions_.At(rd_kafka_topic_name(message.rkt), message.partition);
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      if (partition == nullptr) return;
      partition->at_end = true;
      partition->reached = message.offset;
      return;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      if (partition != nullptr) out_of_range_.push_back(partition);
      return;
    default:
      break;
  }
  if (SaysNotThere(message.err)) next_discovery_nanos_ = 0;
  Note(std::string(partition == nullptr ? "" : "partition '" + partition->stream + "': ") +
       rd_kafka_message_errstr(&message));
}

void KafkaConsumer::OnError(rd_kafka_t* client, int error, const char* reason, void* self) {
  auto& consumer = *static_cast<KafkaConsumer*>(self);
  const int64_t now = MonotonicNanos();
  switch (error) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      ++consumer.errors_;
      consumer.is_down_ = true;
      return consumer.brokers_.LostAll(now, reason);
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      ++consumer.errors_;
      consumer.is_down_ = true;
      // A password that was changed while they were away is why they don't come back.
      if (consumer.brokers_.away() && IsOfSettings(error) &&
          !consumer.brokers_.ToldWhy(WithoutTimes(reason)))
        consumer.Tell(reason);
      return consumer.brokers_.LostOne(now, reason, RemedyOf(error));
    default:
      ++consumer.errors_;
      consumer.Tell(reason);
  }
  if (error != RD_KAFKA_RESP_ERR__FATAL) return;
  char text[512];
  rd_kafka_fatal_error(client, text, sizeof text);
  consumer.fatal_ = Fail(ErrorCode::kIo, consumer.place_ + text);
}

void KafkaConsumer::Note(const std::string& what) {
  ++errors_;
  if (!brokers_.away()) Tell(what);
}

void KafkaConsumer::Tell(const std::string& what) {
  if (notice_ && notices_.IsNew(MonotonicNanos(), what)) notice_(place_ + what);
}

bool KafkaConsumer::AtEnds() const {
  if (!wanted_.empty() || (!is_member() && !discovered_)) return false;
  size_t assigned = 0;
  for (const auto& [key, partition] : partitions_.all()) {
    if (!partition->assigned) continue;
    if (!partition->at_end) return false;
    ++assigned;
  }
  return assigned > 0;
}

// ---- the group's offsets

void KafkaConsumer::Commit(const std::vector<SourcePosition>& durable, bool wait) {
  const KafkaHandle<rd_kafka_topic_partition_list_t> list(
      rd_kafka_topic_partition_list_new(static_cast<int>(durable.size())));
  for (const SourcePosition& position : durable) {
    const KafkaPartition* partition = partitions_.Find(position.stream);
    if (partition == nullptr || !partition->assigned) continue;
    rd_kafka_topic_partition_list_add(list.get(), partition->topic.c_str(), partition->number)
        ->offset = position.offset;
  }
  if (list->cnt == 0) return;
  if (!wait) {
    rd_kafka_commit(client_.get(), list.get(), /*async=*/1);
    return;
  }
  const KafkaHandle<rd_kafka_queue_t> answer(rd_kafka_queue_new(client_.get()));
  rd_kafka_commit_queue(client_.get(), list.get(), answer.get(), nullptr, nullptr);
  const std::unique_ptr<rd_kafka_event_t, void (*)(rd_kafka_event_t*)> event(
      rd_kafka_queue_poll(answer.get(), 1000), rd_kafka_event_destroy);
}

void KafkaConsumer::OnCommit(rd_kafka_t* /*client*/, rd_kafka_resp_err_t error,
                             rd_kafka_topic_partition_list_t* /*list*/, void* self) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  auto& consumer = *static_cast<KafkaConsumer*>(self);
  consumer.Note("group '" + consumer.group_ + "' doesn't take offsets: " + rd_kafka_err2str(error));
}

int64_t KafkaConsumer::EndOf(const KafkaPartition& partition) const {
  int64_t begin = -1;
  int64_t end = -1;
  const rd_kafka_resp_err_t error = rd_kafka_get_watermark_offsets(
      client_.get(), partition.topic.c_str(), partition.number, &begin, &end);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR && end >= 0 ? end : -1;
}

}  // namespace skewless
