// A Kafka producer of one topic, and the making of that topic.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skewless::bench {

using KafkaSettings = std::vector<std::pair<std::string, std::string>>;  // librdkafka's own

class KafkaProducer {
 public:
  // What became of each message, told amid Serve and Finish; the number is the sender's.
  using Delivered = std::function<void(bool arrived, int64_t number)>;

  // Ends the program where a setting is wrong.
  KafkaProducer(const std::string& brokers, const std::string& topic, const KafkaSettings& settings,
                Delivered delivered = nullptr);
  ~KafkaProducer();
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  // With one replica; one that is there already stays as it is.
  void CreateTopic(int partitions);
  // Copies both; waits where the producer's own queue is full.
  void Send(std::string_view key, std::string_view value, int64_t number = 0);
  void Serve(int wait_ms) { rd_kafka_poll(kafka_, wait_ms); }
  // Until all is acknowledged or given up: a broker that is away may take its time to come back.
  void Finish();

 private:
  const std::string topic_name_;
  const Delivered delivered_;
  rd_kafka_t* kafka_ = nullptr;
  rd_kafka_topic_t* topic_ = nullptr;
};

}  // namespace skewless::bench
