#include "source/kafka/broker_watch.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/event_log.h"

namespace skewless {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

class BrokerWatchTest : public ::testing::Test, private EventSink {
 protected:
  BrokerWatchTest() { UseEventSink(this, EventLevel::kDebug); }
  ~BrokerWatchTest() override { UseEventSink(nullptr, EventLevel::kOff); }
  using Told = std::vector<std::string>;

  BrokerWatch watch_{"clicks"};
  Told told_;

 private:
  void Take(const Event& event) override {
    std::string text(EventLevelName(event.level));
    text += " ";
    AppendEventText(text, event);
    told_.push_back(text);
  }
};

TEST_F(BrokerWatchTest, AnOutageIsToldOfOnceAndItsEndOnce) {
  watch_.LostOne(1 * kSecond, "b:9092: Connection refused", "Start it.");
  EXPECT_EQ(told_, Told{});
  watch_.LostAll(1 * kSecond, "1/1 brokers are down");
  EXPECT_TRUE(watch_.away());
  EXPECT_TRUE(watch_.ToldWhy("b:9092: Connection"));
  EXPECT_FALSE(watch_.ToldWhy("c:9092: Connection"));
  for (int64_t second = 2; second < 60; ++second) {
    watch_.LostOne(second * kSecond, "c:9092: Connection refused", "");
    watch_.LostAll(second * kSecond, "the brokers don't answer");
    EXPECT_FALSE(watch_.TakeLasting(second * kSecond));
  }
  watch_.Back(61 * kSecond);
  watch_.Back(62 * kSecond);
  EXPECT_FALSE(watch_.away());
  EXPECT_FALSE(watch_.ToldWhy("b:9092: Connection"));
  EXPECT_EQ(told_, (Told{"warning brokers away source=clicks error=\"b:9092: Connection refused\" "
                         "remedy=\"Start it.\"",
                         "info brokers back source=clicks away_seconds=60.0"}));
  watch_.LostAll(70 * kSecond, "1/1 brokers are down");
  EXPECT_EQ(told_.back(),
            "warning brokers away source=clicks error=\"1/1 brokers are down\" "
            "remedy=\"Are they running, and reachable from here?\"");
}

TEST_F(BrokerWatchTest, OfOneBrokerWhatLastsIsWorthTelling) {
  watch_.LostOne(1 * kSecond, "b:9092: Disconnected", "");
  watch_.LostOne(1 * kSecond, "b:9092: Connection refused", "");
  EXPECT_FALSE(watch_.TakeLasting(1 * kSecond));
  watch_.Back(1 * kSecond);  // the others were never away
  EXPECT_EQ(watch_.TakeLasting(2 * kSecond), "b:9092: Disconnected");
  EXPECT_FALSE(watch_.TakeLasting(9 * kSecond));
  EXPECT_EQ(told_, Told{});
}

}  // namespace
}  // namespace skewless
