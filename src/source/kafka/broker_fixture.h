// A Kafka broker for a test, started and stopped by it, whose topics come into being when they are
// written to.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/can_listen_fixture.h"
#include "base/check.h"
#include "source/kafka/kafka_client.h"

namespace skewless {

class KafkaBroker {
 public:
  explicit KafkaBroker(int partitions) {
    folder_ =
        std::filesystem::temp_directory_path() / ("skewless-kafka-" + std::to_string(::getpid()));
    const int port = FreePort();
    const std::vector<std::string> words = {"tests/servers/kafka",
                                            folder_.string(),
                                            std::to_string(port),
                                            std::to_string(FreePort()),
                                            "auto.create.topics.enable=true",
                                            "num.partitions=" + std::to_string(partitions)};
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves nothing behind
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    address_ = "127.0.0.1:" + std::to_string(port);
    WaitUntilItAnswers(port);
  }
  ~KafkaBroker() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }
  KafkaBroker(const KafkaBroker&) = delete;
  KafkaBroker& operator=(const KafkaBroker&) = delete;

  // What a group committed of a partition; negative: nothing.
  int64_t Committed(const std::string& group, const std::string& topic, int32_t partition) const {
    auto conf = KafkaConfiguration("", address_, {}, {}, {{"group.id", group}}).value();
    const auto consumer = NewKafkaClient("", RD_KAFKA_CONSUMER, std::move(conf)).value();
    const KafkaHandle<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
    SKEWLESS_CHECK(rd_kafka_committed(consumer.get(), list.get(), 60'000) ==
                   RD_KAFKA_RESP_ERR_NO_ERROR);
    return list->elems[0].offset;
  }

  // Brokers answer before they lead its partitions.
  void CreateTopic(const std::string& topic, int partitions) const {
    char why[512];
    rd_kafka_NewTopic_t* wanted =
        rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, why, sizeof why);
    Ask([&](rd_kafka_t* client, rd_kafka_queue_t* answer) {
      rd_kafka_CreateTopics(client, &wanted, 1, nullptr, answer);
    });
    rd_kafka_NewTopic_destroy(wanted);
  }

  void DeleteTopic(const std::string& topic) const {
    rd_kafka_DeleteTopic_t* unwanted = rd_kafka_DeleteTopic_new(topic.c_str());
    Ask([&](rd_kafka_t* client, rd_kafka_queue_t* answer) {
      rd_kafka_DeleteTopics(client, &unwanted, 1, nullptr, answer);
    });
    rd_kafka_DeleteTopic_destroy(unwanted);
  }

  // How many messages a topic has.
  int64_t Messages(const std::string& topic, int32_t partitions) const {
    auto conf = KafkaConfiguration("", address_, {}, {}, {}).value();
    const auto client = NewKafkaClient("", RD_KAFKA_PRODUCER, std::move(conf)).value();
    int64_t sum = 0;
    for (int32_t partition = 0; partition < partitions; ++partition) {
      int64_t begin = 0;
      int64_t end = 0;
      SKEWLESS_CHECK(rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition,
                                                      &begin, &end,
                                                      60'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
      sum += end - begin;
    }
    return sum;
  }

  const std::string& address() const { return address_; }

  struct Sent {
    std::string value;
    std::optional<std::string> key;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
    int64_t timestamp_ms = 0;  // 0: now
  };
  // All acknowledged on return. The partition is the message's number modulo `partitions`.
  void Produce(const std::string& topic, int partitions, int64_t count,
               const std::function<std::string(int64_t)>& message) const {
    ProduceWhole(topic, partitions, count, [&](int64_t i) { return Sent{message(i), {}, {}, 0}; });
  }
  void ProduceWhole(const std::string& topic, int partitions, int64_t count,
                    const std::function<Sent(int64_t)>& message) const {
    auto conf = KafkaConfiguration("", address_, {}, {}, {{"linger.ms", "5"}}).value();
    const auto producer = NewKafkaClient("", RD_KAFKA_PRODUCER, std::move(conf)).value();
    const KafkaHandle<rd_kafka_topic_t> handle(
        rd_kafka_topic_new(producer.get(), topic.c_str(), nullptr));
    for (int64_t i = 0; i < count; ++i) {
      const Sent sent = message(i);
      while (!Produce(producer.get(), handle.get(), static_cast<int32_t>(i % partitions), sent))
        rd_kafka_poll(producer.get(), 100);
    }
    SKEWLESS_CHECK(rd_kafka_flush(producer.get(), 60'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }

 private:
  // Has the broker asked as an administrator, and waits for its answer.
  template <typename Question>
  void Ask(const Question& question) const {
    auto conf = KafkaConfiguration("", address_, {}, {}, {}).value();
    const auto client = NewKafkaClient("", RD_KAFKA_PRODUCER, std::move(conf)).value();
    rd_kafka_queue_t* answer = rd_kafka_queue_new(client.get());
    question(client.get(), answer);
    rd_kafka_event_t* event = rd_kafka_queue_poll(answer, 60'000);
    SKEWLESS_CHECK(event != nullptr && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(answer);
  }

  // False where the client's own queue is full.
  static bool Produce(rd_kafka_t* producer, rd_kafka_topic_t* topic, int32_t partition,
                      const Sent& sent) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(sent.headers.size());
    for (const auto& [name, value] : sent.headers) {
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                          value ? value->data() : nullptr,
                          value ? static_cast<ssize_t>(value->size()) : 0);
    }
    const std::string key = sent.key.value_or("");
    rd_kafka_vu_t parts[7] = {};
    parts[0].vtype = RD_KAFKA_VTYPE_RKT;
    parts[0].u.rkt = topic;
    parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts[1].u.i32 = partition;
    parts[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[2].u.i = RD_KAFKA_MSG_F_COPY;
    parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[3].u.mem = {const_cast<char*>(sent.value.data()), sent.value.size()};
    parts[4].vtype = RD_KAFKA_VTYPE_KEY;
    parts[4].u.mem = {sent.key ? const_cast<char*>(key.data()) : nullptr, key.size()};
    parts[5].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    parts[5].u.i64 = sent.timestamp_ms;
    parts[6].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[6].u.headers = headers;
    rd_kafka_error_t* const refused = rd_kafka_produceva(producer, parts, std::size(parts));
    if (refused == nullptr) return true;
    SKEWLESS_CHECK(rd_kafka_error_code(refused) == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    rd_kafka_error_destroy(refused);
    rd_kafka_headers_destroy(headers);
    return false;
  }
  static sockaddr_in Loopback(int port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<uint16_t>(port));
    return at;
  }
  // Below those that the kernel gives to connections: the broker takes it seconds later.
  static int FreePort() {
    static int next = ::getpid();
    for (;;) {
      const int port = 10'000 + next++ % 2'000;
      if (CanListen(port)) return port;
    }
  }
  void WaitUntilItAnswers(int port) const {
    for (int tries = 0; tries < 1200; ++tries) {
      SKEWLESS_CHECK(::waitpid(process_, nullptr, WNOHANG) == 0);  // it ended: see broker.log
      const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
      const sockaddr_in at = Loopback(port);
      const int connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&at), sizeof at);
      ::close(probe);
      if (connected == 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    SKEWLESS_CHECK(false);
  }

  std::filesystem::path folder_;
  pid_t process_ = -1;
  std::string address_;
};

}  // namespace skewless
