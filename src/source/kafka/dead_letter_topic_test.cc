#include "source/kafka/dead_letter_topic.h"

#include <gtest/gtest.h>

#include "source/kafka/broker_fixture.h"

namespace skewless {
namespace {

constexpr int kPartitions = 16;

SourceDefinition SourceWithLetters(const std::string& brokers, const std::string& topic) {
  SourceDefinition source;
  source.name = "clicks";
  source.dead_letter_topic = DeadLetterTopic{topic, brokers, {{"linger.ms", "1"}}, {}, {}};
  return source;
}

DeadLetter Letter(int64_t number) {
  DeadLetter letter;
  letter.source = "clicks";
  letter.stream = "clicks.csv";
  letter.offset = number;
  letter.reason = "expected int64, found \"abc\"";
  letter.record = "abc," + std::to_string(number);
  return letter;
}

// A broker that has just made a topic refuses the first letters ("not leader") and takes those of a
// request behind them: the client then believed that it had the first ones, too.
TEST(DeadLetterTopic, NoLetterIsLostInATopicThatWasJustMade) {
  constexpr int kTopics = 20;
  constexpr int64_t kLetters = 400;
  const KafkaBroker broker(kPartitions);
  for (int round = 0; round < kTopics; ++round) {
    const std::string topic = "dead-" + std::to_string(round);
    broker.CreateTopic(topic, kPartitions);
    const SourceDefinition source = SourceWithLetters(broker.address(), topic);
    auto store = OpenDeadLetterTopic(source);
    ASSERT_TRUE(store.has_value()) << store.error().ToString();
    for (int64_t number = 0; number < kLetters; ++number) {
      const Status appended = (*store)->Append(Letter(number));
      ASSERT_TRUE(appended.has_value()) << appended.error().ToString();
      std::this_thread::sleep_for(std::chrono::microseconds(100));  // so that requests overlap
    }
    const Status synced = (*store)->Sync();
    ASSERT_TRUE(synced.has_value()) << synced.error().ToString();
    EXPECT_EQ(broker.Messages(topic, kPartitions), kLetters) << topic;
  }
}

}  // namespace
}  // namespace skewless
