#include "source/kafka/kafka_partitions.h"

namespace skewless {

KafkaPartition& KafkaPartitions::Of(const rd_kafka_message_t& message) {
  if (message.rkt != last_topic_ || message.partition != last_number_ || last_ == nullptr) {
    last_ = &At(rd_kafka_topic_name(message.rkt), message.partition);
    last_topic_ = message.rkt;
    last_number_ = message.partition;
  }
  return *last_;
}

KafkaPartition& KafkaPartitions::At(const std::string& topic, int32_t number) {
  std::unique_ptr<KafkaPartition>& place = all_[{topic, number}];
  if (!place) {
    place = std::make_unique<KafkaPartition>();
    place->topic = topic;
    place->number = number;
    place->stream = KafkaStream(topic, number);
  }
  return *place;
}

KafkaPartition* KafkaPartitions::Find(std::string_view stream) {
  for (const auto& [key, partition] : all_) {
    if (partition->stream == stream) return partition.get();
  }
  return nullptr;
}

KafkaHandle<rd_kafka_topic_partition_list_t> KafkaPartitions::Assigned() const {
  KafkaHandle<rd_kafka_topic_partition_list_t> list(
      rd_kafka_topic_partition_list_new(static_cast<int>(all_.size())));
  for (const auto& [key, partition] : all_) {
    if (!partition->assigned) continue;
    rd_kafka_topic_partition_list_add(list.get(), partition->topic.c_str(), partition->number)
        ->offset = partition->next;
  }
  return list;
}

}  // namespace skewless
