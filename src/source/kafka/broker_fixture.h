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
#include <string>
#include <thread>
#include <vector>

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

  const std::string& address() const { return address_; }

  // All acknowledged on return. The partition is the message's number modulo `partitions`.
  void Produce(const std::string& topic, int partitions, int64_t count,
               const std::function<std::string(int64_t)>& message) const {
    auto conf = KafkaConfiguration("", address_, {}, {}, {{"linger.ms", "5"}}).value();
    const auto producer = NewKafkaClient("", RD_KAFKA_PRODUCER, std::move(conf)).value();
    const KafkaHandle<rd_kafka_topic_t> handle(
        rd_kafka_topic_new(producer.get(), topic.c_str(), nullptr));
    for (int64_t i = 0; i < count; ++i) {
      std::string value = message(i);
      while (rd_kafka_produce(handle.get(), static_cast<int32_t>(i % partitions),
                              RD_KAFKA_MSG_F_COPY, value.data(), value.size(), nullptr, 0,
                              nullptr) != 0) {
        SKEWLESS_CHECK(rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL);
        rd_kafka_poll(producer.get(), 100);
      }
    }
    SKEWLESS_CHECK(rd_kafka_flush(producer.get(), 60'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }

 private:
  static sockaddr_in Loopback(int port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<uint16_t>(port));
    return at;
  }
  static int FreePort() {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at = Loopback(0);
    socklen_t size = sizeof at;
    SKEWLESS_CHECK(::bind(probe, reinterpret_cast<sockaddr*>(&at), size) == 0);
    SKEWLESS_CHECK(::getsockname(probe, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    ::close(probe);
    return ntohs(at.sin_port);
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
