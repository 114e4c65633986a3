// The partitions that a Kafka source reads, and where each of them stands.
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "definition/kafka_definition.h"
#include "model/batch.h"
#include "source/kafka/kafka_client.h"

namespace skewless {

struct KafkaPartition {
  std::string topic;
  int32_t number = 0;
  std::string stream;      // "clicks/3"
  int64_t next = -1;       // offset of the next message to hand out; -1: not known yet
  int64_t records = 0;     // handed out, dead letters included
  bool appeared = false;   // while its topic was read
  bool assigned = false;   // its messages are ours
  bool vanished = false;   // since it was assigned last
  bool announced = false;  // the engine knows of it
  bool at_end = false;     // its end was seen since it was assigned
  bool moved = false;      // in the batch at hand
  int64_t reached = -1;    // the offset of its end, where it was seen anew; else -1
};

class KafkaPartitions {
 public:
  // Of a message, without a look into the map where the one before was of the same.
  KafkaPartition& Of(const rd_kafka_message_t& message);
  KafkaPartition& At(const std::string& topic, int32_t number);
  KafkaPartition* Find(std::string_view stream);

  // All that were ever seen, by topic and number.
  using All = std::map<std::pair<std::string, int32_t>, std::unique_ptr<KafkaPartition>>;
  const All& all() const { return all_; }

  // Those that are assigned, at their next offsets.
  KafkaHandle<rd_kafka_topic_partition_list_t> Assigned() const;

 private:
  All all_;
  const rd_kafka_topic_t* last_topic_ = nullptr;
  int32_t last_number_ = -1;
  KafkaPartition* last_ = nullptr;
};

}  // namespace skewless
