// The client of a Kafka source: which partitions are ours, from where, and the messages that have
// come. Brokers that go away are waited for, with librdkafka's own backoff; a source never ends for
// them.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "definition/definition.h"
#include "source/kafka/broker_watch.h"
#include "source/kafka/kafka_client.h"
#include "source/kafka/kafka_partitions.h"
#include "source/kafka/recent_notices.h"
#include "source/kafka/start_position.h"
#include "source/source.h"

namespace skewless {

class KafkaConsumer {
 public:
  // `source` outlives it. Doesn't wait for a broker.
  static Result<std::unique_ptr<KafkaConsumer>> Open(const Definition& definition,
                                                     const SourceDefinition& source,
                                                     const SourceOptions& options);
  ~KafkaConsumer();

  // Takes at most `most` messages that have come; waits for a first one at most `wait_ms`. Those of
  // the call before must have been handed out. An error is one that waiting doesn't mend.
  Status Poll(size_t most, int wait_ms);
  // Their payloads are valid until the next call. Some may not be ours any more: see IsOurs.
  const std::vector<KafkaHandle<rd_kafka_message_t>>& messages() const { return messages_; }
  // Of an assigned partition, and not handed out before: a rebalance may bring messages again.
  static bool IsOurs(const KafkaPartition& partition, const rd_kafka_message_t& message) {
    return partition.assigned && message.offset >= partition.next;
  }

  KafkaPartitions& partitions() { return partitions_; }
  // Partitions that came or went since the last call.
  std::vector<StreamRun> TakeChanges() { return std::exchange(changes_, {}); }
  // Every partition's end was seen since it was assigned.
  bool AtEnds() const;

  // The group's offsets follow the durable log: for monitoring, and for whoever of a group begins
  // with `latest` what its log doesn't know. With `wait`, a second for the answer.
  void Commit(const std::vector<SourcePosition>& durable, bool wait);

  // Of a partition, what the broker said with its last message; -1: not known.
  int64_t EndOf(const KafkaPartition& partition) const;
  bool away() const { return brokers_.away(); }
  int64_t errors() const { return errors_; }
  int64_t reconnects() const { return reconnects_; }
  int64_t lost() const { return starts_.lost(); }
  int64_t lost_ends() const { return starts_.lost_ends(); }

  // Counts an error that is got over, and tells of it now and then; not while the brokers are known
  // to be away, of which it comes.
  void Note(const std::string& what);

 private:
  KafkaConsumer(const Definition& definition, const SourceDefinition& source,
                const SourceOptions& options);
  Status Connect();
  Status Maintain();
  Status Discover();
  Result<bool> DiscoverTopic(const std::string& topic);
  int32_t AskPartitions(const std::string& topic);
  void AskWhetherBack();
  Status CheckStart(const std::string& topic, int32_t there) const;
  Status CheckStartOfMember();
  void CountPartitions();
  Status Want(const std::string& topic, int32_t there);
  void Drop(KafkaPartition& partition, const std::string& why);
  Status Resolve();
  Status GoOnWhereLost();
  Status Assign();
  void TakeEvent(const rd_kafka_message_t& message);
  void Tell(const std::string& what);
  void SetBack();
  void Fetch(size_t most, int wait_ms);
  void WakeFetchers();
  bool is_member() const { return !kafka_.group.empty(); }

  static void OnRebalance(rd_kafka_t* client, rd_kafka_resp_err_t what,
                          rd_kafka_topic_partition_list_t* list, void* self);
  static void OnError(rd_kafka_t* client, int error, const char* reason, void* self);
  static void OnCommit(rd_kafka_t* client, rd_kafka_resp_err_t error,
                       rd_kafka_topic_partition_list_t* list, void* self);

  const SourceDefinition& source_;
  const KafkaDefinition& kafka_;
  const std::string place_;  // begins errors
  const std::string group_;
  const std::function<void(const std::string&)> notice_;
  const int64_t refresh_nanos_;
  const int64_t ahead_bytes_, ahead_messages_;    // what is fetched before it is asked for
  int64_t taken_bytes_ = 0, taken_messages_ = 0;  // since the fetchers were last woken
  StartPositions starts_;
  KafkaPartitions partitions_;
  std::vector<KafkaPartition*> wanted_;  // to be assigned, once it is known from where
  // By topic, how many there were when this run first saw it; of a member that FollowsGroup().
  std::map<std::string, int32_t> first_partitions_;
  std::vector<KafkaPartition*> out_of_range_;
  std::vector<StreamRun> changes_;
  bool discovered_ = false;  // of a member: `start` was checked
  int64_t next_discovery_nanos_ = 0;
  int64_t next_asking_nanos_ = 0;  // brokers that are away
  std::vector<rd_kafka_message_t*> fetched_;
  bool is_down_ = false;  // some broker, as far as is known
  std::string
      unanswered_;  // what was asked in vain; the client's events, which say why, come after
  BrokerWatch brokers_;
  int64_t errors_ = 0;
  int64_t reconnects_ = 0;
  RecentNotices notices_;
  Status fatal_;
  KafkaHandle<rd_kafka_t> client_;
  KafkaHandle<rd_kafka_queue_t> queue_;
  std::vector<KafkaHandle<rd_kafka_message_t>> messages_;
};

}  // namespace skewless
