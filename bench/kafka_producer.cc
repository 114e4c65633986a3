#include "kafka_producer.h"

#include <cstdio>
#include <cstdlib>

namespace skewless::bench {
namespace {

constexpr int kTopicMs = 60'000;
constexpr int kFinishMs = 300'000;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "Kafka: %s\n", what.c_str());
  std::exit(1);
}

void Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char why[512];
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK)
    Die(why);
}

void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* delivered) {
  (*static_cast<const KafkaProducer::Delivered*>(delivered))(
      message->err == RD_KAFKA_RESP_ERR_NO_ERROR, reinterpret_cast<int64_t>(message->_private));
}

}  // namespace

KafkaProducer::KafkaProducer(const std::string& brokers, const std::string& topic,
                             const KafkaSettings& settings, Delivered delivered)
    : topic_name_(topic), delivered_(std::move(delivered)) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Set(conf, "bootstrap.servers", brokers);
  Set(conf, "queue.buffering.max.messages", "500000");
  for (const auto& [name, value] : settings) Set(conf, name, value);
  if (delivered_) {
    rd_kafka_conf_set_dr_msg_cb(conf, OnDelivery);
    rd_kafka_conf_set_opaque(conf, const_cast<Delivered*>(&delivered_));
  }
  char why[512];
  kafka_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (kafka_ == nullptr) Die(why);
  topic_ = rd_kafka_topic_new(kafka_, topic.c_str(), nullptr);
}

KafkaProducer::~KafkaProducer() {
  rd_kafka_topic_destroy(topic_);
  rd_kafka_destroy(kafka_);
}

void KafkaProducer::CreateTopic(int partitions) {
  char why[512];
  rd_kafka_NewTopic_t* topic =
      rd_kafka_NewTopic_new(topic_name_.c_str(), partitions, 1, why, sizeof why);
  if (topic == nullptr) Die(why);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(kafka_);
  rd_kafka_CreateTopics(kafka_, &topic, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kTopicMs);
  if (event == nullptr) Die("the broker does not answer");
  rd_kafka_resp_err_t code = rd_kafka_event_error(event);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    size_t count = 0;
    code = rd_kafka_topic_result_error(
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)[0]);
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    Die("topic '" + topic_name_ + "' could not be made: " + rd_kafka_err2str(code));
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewTopic_destroy(topic);
}

void KafkaProducer::Send(std::string_view key, std::string_view value, int64_t number) {
  // librdkafka takes the value as mutable, and copies it.
  while (rd_kafka_produce(topic_, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                          const_cast<char*>(value.data()), value.size(), key.data(), key.size(),
                          reinterpret_cast<void*>(number)) != 0) {
    const rd_kafka_resp_err_t code = rd_kafka_last_error();
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) Die(rd_kafka_err2str(code));
    Serve(20);
  }
}

void KafkaProducer::Finish() { rd_kafka_flush(kafka_, kFinishMs); }

}  // namespace skewless::bench
