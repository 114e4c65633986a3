// The messages of Kafka's partitions as batches of rows. A stream is a partition, a position the
// offset of its next message.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "decode/message_decoder.h"
#include "source/kafka/kafka_consumer.h"
#include "source/kafka/metadata_columns.h"
#include "source/source.h"

namespace skewless {

class KafkaSource final : public Source {
 public:
  // `definition` outlives it. Without options.follow it ends where the partitions end.
  static Result<std::unique_ptr<Source>> Open(const Definition& definition, uint32_t source,
                                              const SourceOptions& options,
                                              std::unique_ptr<MessageDecoder> decoder,
                                              DeadLetterSink dead_letters);
  ~KafkaSource() override;

  Result<bool> Next(size_t max_rows, DurationUs wait_us, Batch* batch) override;
  SourceProgress progress() const override { return progress_; }
  LiveProgress live_progress() const override;
  void Durable(const std::vector<SourcePosition>& positions) override;

 private:
  KafkaSource(const SourceDefinition& definition, uint32_t source, bool follow,
              std::unique_ptr<KafkaConsumer> consumer, std::unique_ptr<MessageDecoder> decoder,
              DeadLetterSink dead_letters);
  Result<bool> HandOut(DurationUs wait_us, Batch* batch);
  Status DecodeRun(size_t end, KafkaPartition& partition, Batch* batch);
  Status DecodeMessages(Batch* batch);
  size_t EndOfRun(const KafkaPartition& partition);
  Status Report(const KafkaPartition& partition);
  void Announce(Batch* batch);
  void GoOnToEnds(Batch* batch);
  void Move(KafkaPartition& partition);
  void TellPositions(Batch* batch);
  void CommitDurable(bool wait);
  void TellProgress(bool now);

  const SourceDefinition& definition_;
  const uint32_t source_;
  const bool follow_;
  const std::unique_ptr<MessageDecoder> decoder_;
  const DeadLetterSink dead_letters_;
  size_t at_ = 0;  // of the consumer's messages: the next to hand out
  MetadataColumns metadata_;
  std::vector<rd_kafka_message_t*> raw_;  // of one partition, one after the other
  std::vector<Message> run_;              // the same, but for those with bad metadata
  std::vector<BadRecord> bad_;            // in the order of the messages
  std::vector<KafkaPartition*> moved_;    // in the batch at hand
  SourceProgress progress_;
  int64_t tombstones_ = 0;
  int64_t next_commit_nanos_ = 0;
  int64_t next_telling_nanos_ = 0;

  mutable std::mutex mutex_;  // guards what other threads look at
  LiveProgress told_;
  std::map<std::string, int64_t> durable_;  // not committed yet

  const std::unique_ptr<KafkaConsumer> consumer_;
};

}  // namespace skewless
