#include "source/kafka/kafka_client.h"

#include <chrono>
#include <future>
#include <thread>

namespace skewless {
namespace {

constexpr char kRemedy[] = "The settings are those of librdkafka's CONFIGURATION.md.";

Status Set(const std::string& place, rd_kafka_conf_t* conf, const std::string& name,
           const std::string& value) {
  char reason[512];
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof reason) ==
      RD_KAFKA_CONF_OK) {
    return {};
  }
  return Fail(ErrorCode::kInvalid, place + "settings: " + reason, kRemedy);
}

// The library's own words go nowhere: what matters of them comes as an error event, too.
void Silent(const rd_kafka_t* /*client*/, int /*level*/, const char* /*facility*/,
            const char* /*text*/) {}

// Brokers that are away hold an end up by a second or two.
constexpr std::chrono::seconds kPatience{5};

}  // namespace

// Threads that never end lie idle, and go with the process; the memory that they hold is lost.
void DestroyKafkaClient(rd_kafka_t* client) {
  std::packaged_task<void()> destroy(
      [client] { rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); });
  const std::future<void> ended = destroy.get_future();
  std::thread thread(std::move(destroy));
  if (ended.wait_for(kPatience) == std::future_status::ready) {
    thread.join();
  } else {
    thread.detach();
  }
}

Result<KafkaHandle<rd_kafka_conf_t>> KafkaConfiguration(const std::string& place,
                                                        const std::string& brokers,
                                                        const KafkaSettings& settings,
                                                        const KafkaSettings& otherwise,
                                                        const KafkaSettings& own) {
  KafkaHandle<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  SKEWLESS_RETURN_IF_ERROR(Set(place, conf.get(), "bootstrap.servers", brokers));
  for (const KafkaSettings* all : {&otherwise, &settings, &own}) {
    for (const auto& [name, value] : *all) {
      SKEWLESS_RETURN_IF_ERROR(Set(place, conf.get(), name, value));
    }
  }
  rd_kafka_conf_set_log_cb(conf.get(), Silent);
  return conf;
}

bool SaysNotThere(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

Result<KafkaHandle<rd_kafka_t>> NewKafkaClient(const std::string& place, rd_kafka_type_t type,
                                               KafkaHandle<rd_kafka_conf_t> conf) {
  char reason[512];
  rd_kafka_t* client = rd_kafka_new(type, conf.get(), reason, sizeof reason);
  if (client == nullptr) {
    return Fail(ErrorCode::kInvalid, place + "settings: " + std::string(reason), kRemedy);
  }
  static_cast<void>(conf.release());  // which the client has now
  return KafkaHandle<rd_kafka_t>(client);
}

}  // namespace skewless
