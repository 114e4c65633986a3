#include "pipeline/store_watch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/clock.h"

namespace skewless {
namespace {

using Told = std::vector<std::string>;

class StoreWatchTest : public ::testing::Test, public EventSink, public Machine {
 protected:
  StoreWatchTest() {
    UseMachine(this);
    UseEventSink(this, EventLevel::kDebug);
  }
  ~StoreWatchTest() override {
    UseEventSink(nullptr, EventLevel::kOff);
    UseMachine(nullptr);
  }
  void Take(const Event& event) override {
    std::string line;
    AppendEventText(line, event);
    told_.push_back(line.substr(0, line.find(" remedy")));
  }
  int64_t MonotonicNanos() override { return now_nanos_; }
  int64_t RealtimeNanos() override { return now_nanos_; }
  std::string BootId() override { return "boot"; }

  // A look each tenth of a second from here to `second`.
  void LookUntil(double second, StoreHealth health, const std::string& why = "") {
    while (static_cast<double>(now_nanos_) < second * 1e9) {
      now_nanos_ += 100'000'000;
      watch_.Look(now_nanos_, health, {ErrorCode::kUnavailable, why, "Mend it."});
    }
  }
  static std::string Line(const std::string& message, const std::string& why) {
    return message + " code=unavailable error=" + why;
  }

  int64_t now_nanos_ = 0;
  StoreWatch watch_;
  Told told_;
};

TEST_F(StoreWatchTest, WhatPassesIsNotToldOf) {
  LookUntil(1, StoreHealth::kConnecting);
  LookUntil(1.9, StoreHealth::kAway, "gone");
  LookUntil(2.5, StoreHealth::kTakesRows);
  LookUntil(3.4, StoreHealth::kRefuses, "full");
  LookUntil(4, StoreHealth::kTakesRows);
  EXPECT_EQ(told_, Told{});
  EXPECT_EQ(watch_.health(), StoreHealth::kTakesRows);
}

TEST_F(StoreWatchTest, WhatLastsIsToldOfOnceAndSoIsItsEnd) {
  LookUntil(60, StoreHealth::kRefuses, "full");
  EXPECT_EQ(told_, Told{Line("store refuses", "full")});
  EXPECT_EQ(watch_.trouble().message, "full");
  LookUntil(61, StoreHealth::kTakesRows);
  ASSERT_EQ(told_.size(), 2);
  EXPECT_EQ(told_[1], "store takes rows again refused_seconds=60.0");
}

TEST_F(StoreWatchTest, AnotherReasonIsToldOfButNotAllTheTime) {
  for (int second = 1; second <= 40; ++second)
    LookUntil(second, StoreHealth::kRefuses, second % 2 == 0 ? "full" : "slow");
  EXPECT_EQ(told_.size(), 4);
}

// It was full, went away and came back as full as before.
TEST_F(StoreWatchTest, OneThatIsAwayDoesNotTakeRowsAgain) {
  LookUntil(2, StoreHealth::kRefuses, "full");
  LookUntil(4, StoreHealth::kAway, "gone");
  LookUntil(6, StoreHealth::kRefuses, "full");
  LookUntil(7, StoreHealth::kTakesRows);
  EXPECT_EQ(told_,
            (Told{Line("store refuses", "full"), Line("store away", "gone"),
                  "store back away_seconds=2.0", "store takes rows again refused_seconds=6.0"}));
}

}  // namespace
}  // namespace skewless
