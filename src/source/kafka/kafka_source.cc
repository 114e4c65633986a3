#include "source/kafka/kafka_source.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "decode/text_input.h"
#include "source/input_files.h"

namespace skewless {
namespace {

// Few enough to stay in a core's cache from the client's queue to their rows.
constexpr size_t kMessagesAtOnce = 512;
constexpr int64_t kCommitNanos = 1'000'000'000;
constexpr int64_t kTellingNanos = 100'000'000;

std::string_view Text(const void* bytes, size_t size) {
  return {static_cast<const char*>(bytes), size};
}

}  // namespace

Result<std::unique_ptr<Source>> KafkaSource::Open(const Definition& definition, uint32_t source,
                                                  const SourceOptions& options,
                                                  std::unique_ptr<MessageDecoder> decoder,
                                                  DeadLetterSink dead_letters) {
  const SourceDefinition& named = definition.sources[source];
  SKEWLESS_ASSIGN_OR_RETURN(auto consumer, KafkaConsumer::Open(definition, named, options));
  return std::unique_ptr<Source>(new KafkaSource(named, source, options.follow, std::move(consumer),
                                                 std::move(decoder), std::move(dead_letters)));
}

KafkaSource::KafkaSource(const SourceDefinition& definition, uint32_t source, bool follow,
                         std::unique_ptr<KafkaConsumer> consumer,
                         std::unique_ptr<MessageDecoder> decoder, DeadLetterSink dead_letters)
    : definition_(definition),
      source_(source),
      follow_(follow),
      decoder_(std::move(decoder)),
      dead_letters_(std::move(dead_letters)),
      metadata_(definition),
      consumer_(std::move(consumer)) {}

KafkaSource::~KafkaSource() {
  next_commit_nanos_ = 0;
  CommitDurable(/*wait=*/true);
}

Result<bool> KafkaSource::Next(size_t max_rows, DurationUs wait_us, Batch* batch) {
  batch->Reset(&definition_.schema, source_);
  bool more = true;
  // Until as many messages as may be rows were handed out, though they be none, or there is nothing
  // at hand that can be.
  size_t left = max_rows;
  for (bool again = true; again;) {
    const size_t most = std::min(left, kMessagesAtOnce);
    if (at_ == consumer_->messages().size()) {
      at_ = 0;
      const int wait_ms = batch->rows() == 0 ? static_cast<int>(wait_us / 1000) : 0;
      SKEWLESS_RETURN_IF_ERROR(consumer_->Poll(most, wait_ms));
    }
    Announce(batch);
    SKEWLESS_ASSIGN_OR_RETURN(more, HandOut(wait_us, batch));
    const bool all_handed_out = at_ == consumer_->messages().size();
    if (all_handed_out) GoOnToEnds(batch);
    left -= std::min(left, at_);
    again = all_handed_out && at_ >= most && left > 0;
  }
  TellPositions(batch);
  CommitDurable(/*wait=*/false);
  TellProgress(batch->rows() == 0);
  if (more) return true;
  TellProgress(true);
  return false;
}

// False at the end of what is there, if it is not to be followed.
Result<bool> KafkaSource::HandOut(DurationUs wait_us, Batch* batch) {
  const auto& messages = consumer_->messages();
  if (messages.empty()) return follow_ || !consumer_->AtEnds();
  while (at_ < messages.size()) {
    KafkaPartition& partition = consumer_->partitions().Of(*messages[at_]);
    const size_t end = EndOfRun(partition);
    const Status decoded = DecodeRun(end, partition, batch);
    if (decoded) continue;
    if (decoded.error().code != ErrorCode::kUnavailable) return tl::unexpected(decoded.error());
    // What is decoded goes on; the rest is tried again.
    consumer_->Note(decoded.error().message);
    if (batch->rows() == 0) std::this_thread::sleep_for(std::chrono::microseconds(wait_us));
    break;
  }
  return true;
}

// Gathers the messages that come next and are of this partition; returns where they end.
size_t KafkaSource::EndOfRun(const KafkaPartition& partition) {
  raw_.clear();
  const auto& messages = consumer_->messages();
  const rd_kafka_message_t& first = *messages[at_];
  size_t end = at_;
  for (; end < messages.size(); ++end) {
    rd_kafka_message_t* message = messages[end].get();
    if (message->partition != first.partition || message->rkt != first.rkt) break;
    // A tombstone says that its key is gone: no event, and nothing to undo one by.
    if (message->payload == nullptr || !KafkaConsumer::IsOurs(partition, *message)) continue;
    raw_.push_back(message);
  }
  return end;
}

Status KafkaSource::DecodeRun(size_t end, KafkaPartition& partition, Batch* batch) {
  const auto& messages = consumer_->messages();
  const int64_t last = messages[end - 1]->offset;
  if (!partition.assigned || last < partition.next) {
    at_ = end;
    return {};
  }
  bad_.clear();
  SKEWLESS_RETURN_IF_ERROR(DecodeMessages(batch));
  for (; at_ < end; ++at_) {
    const rd_kafka_message_t& message = *messages[at_];
    if (message.payload == nullptr && KafkaConsumer::IsOurs(partition, message)) ++tombstones_;
  }
  const Column& event = batch->columns[static_cast<size_t>(definition_.event_timestamp)];
  const size_t before = batch->event_us.size();
  batch->event_us.insert(batch->event_us.end(),
                         event.ints.begin() + static_cast<std::ptrdiff_t>(before),
                         event.ints.end());
  batch->runs.push_back({partition.stream, batch->event_us.size() - before});
  SKEWLESS_RETURN_IF_ERROR(Report(partition));
  const auto handed = static_cast<int64_t>(raw_.size());
  partition.next = last + 1;
  partition.records += handed;
  progress_.records += handed;
  progress_.dead_letters += static_cast<int64_t>(bad_.size());
  Move(partition);
  return {};
}

// The messages of raw_ to rows of the batch, or to bad_.
Status KafkaSource::DecodeMessages(Batch* batch) {
  run_.clear();
  for (const rd_kafka_message_t* message : raw_) {
    run_.push_back({Text(message->payload, message->len), message->offset});
  }
  if (metadata_.any()) metadata_.Decode(raw_, &run_, &bad_);
  const size_t bad_metadata = bad_.size();
  if (!run_.empty()) {
    Status decoded = decoder_->Decode(run_, batch, &bad_);
    // Of a registry, which doesn't know the source. The notice of one that is away has the place.
    if (!decoded && decoded.error().code != ErrorCode::kUnavailable)
      decoded.error().message.insert(0, SourcePlace(definition_));
    if (!decoded) return decoded;
  }
  if (!metadata_.any()) return {};
  metadata_.Append(run_, std::span(bad_).subspan(bad_metadata), batch);
  std::ranges::inplace_merge(bad_, bad_.begin() + static_cast<std::ptrdiff_t>(bad_metadata), {},
                             &BadRecord::record);
  return {};
}

Status KafkaSource::Report(const KafkaPartition& partition) {
  if (!dead_letters_) return {};
  size_t at = 0;
  for (const BadRecord& record : bad_) {
    while (at < raw_.size() && raw_[at]->offset != record.record) ++at;
    SKEWLESS_CHECK(at < raw_.size());
    rd_kafka_message_t* message = raw_[at];
    DeadMessage raw{partition.topic, partition.number, {}, Text(message->payload, message->len), {},
                    record.part};
    TakeHeaders(message, &raw.headers);
    if (message->key != nullptr) raw.key = Text(message->key, message->key_len);
    const DeadLetter letter{definition_.name, partition.stream, record.record, 0,
                            record.reason,    record.text,      &raw};
    SKEWLESS_RETURN_IF_ERROR(dead_letters_(letter));
  }
  return {};
}

// Before the rows: which partitions are ours from here on. Where reading of one begins is a
// position of its own: `start: latest` means the end as it was when the engine first saw it.
void KafkaSource::Announce(Batch* batch) {
  for (StreamRun& change : consumer_->TakeChanges()) batch->runs.push_back(std::move(change));
  for (const auto& [key, partition] : consumer_->partitions().all()) {
    if (!partition->assigned || partition->announced) continue;
    partition->announced = true;
    batch->runs.push_back({partition->stream});
    Move(*partition);
  }
}

// The end of a transaction has an offset, and so has what was aborted or compacted away. Where they
// come last no message tells that they are behind us, and once retention took them, they would seem
// lost.
void KafkaSource::GoOnToEnds(Batch* batch) {
  for (const auto& [key, partition] : consumer_->partitions().all()) {
    const int64_t end = std::exchange(partition->reached, -1);
    if (!partition->assigned || end <= partition->next) continue;
    partition->next = end;
    Move(*partition);
    batch->runs.push_back({partition->stream});
  }
}

void KafkaSource::Move(KafkaPartition& partition) {
  if (!partition.moved) moved_.push_back(&partition);
  partition.moved = true;
}

void KafkaSource::TellPositions(Batch* batch) {
  for (KafkaPartition* partition : moved_) {
    batch->positions.push_back({partition->stream, partition->next});
    partition->moved = false;
  }
  moved_.clear();
}

void KafkaSource::Durable(const std::vector<SourcePosition>& positions) {
  const std::lock_guard lock(mutex_);
  for (const SourcePosition& position : positions) durable_[position.stream] = position.offset;
}

void KafkaSource::CommitDurable(bool wait) {
  const int64_t now = MonotonicNanos();
  if (now < next_commit_nanos_) return;
  next_commit_nanos_ = now + kCommitNanos;
  std::vector<SourcePosition> positions;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [stream, offset] : durable_) positions.push_back({stream, offset});
    durable_.clear();
  }
  if (!positions.empty()) consumer_->Commit(positions, wait);
}

void KafkaSource::TellProgress(bool now) {
  const int64_t nanos = MonotonicNanos();
  if (!now && nanos < next_telling_nanos_) return;
  next_telling_nanos_ = nanos + kTellingNanos;
  LiveProgress live;
  for (const auto& [key, partition] : consumer_->partitions().all()) {
    if (!partition->assigned) continue;
    live.streams.push_back(
        {partition->stream, partition->next, consumer_->EndOf(*partition), partition->records});
  }
  live.away = consumer_->away();
  live.errors = consumer_->errors();
  live.reconnects = consumer_->reconnects();
  live.lost = consumer_->lost();
  live.lost_ends = consumer_->lost_ends();
  live.tombstones = tombstones_;
  const std::lock_guard lock(mutex_);
  told_ = std::move(live);
}

LiveProgress KafkaSource::live_progress() const {
  const std::lock_guard lock(mutex_);
  return told_;
}

}  // namespace skewless
