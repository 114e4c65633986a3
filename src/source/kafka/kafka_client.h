// librdkafka's handles as owners, and its configuration from a definition.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "definition/kafka_definition.h"

namespace skewless {

// Leaves no group: who is a member says so first. Waits for the client's threads, but not for good:
// where a partition went with its topic while it was read, librdkafka (before 2.6.1) never ends
// them.
void DestroyKafkaClient(rd_kafka_t* client);

struct KafkaDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_t* client) const { DestroyKafkaClient(client); }
};
template <typename T>
using KafkaHandle = std::unique_ptr<T, KafkaDeleter>;

// Brokers and settings as the user gave them, `otherwise` where he didn't, `own` in any case. The
// error of a setting that the library doesn't know begins with `place`.
Result<KafkaHandle<rd_kafka_conf_t>> KafkaConfiguration(const std::string& place,
                                                        const std::string& brokers,
                                                        const KafkaSettings& settings,
                                                        const KafkaSettings& otherwise,
                                                        const KafkaSettings& own);

// Whether an error says that a topic or partition isn't there.
bool SaysNotThere(rd_kafka_resp_err_t error);

// `conf` goes into it.
Result<KafkaHandle<rd_kafka_t>> NewKafkaClient(const std::string& place, rd_kafka_type_t type,
                                               KafkaHandle<rd_kafka_conf_t> conf);

}  // namespace skewless
