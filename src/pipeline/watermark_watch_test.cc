#include "pipeline/watermark_watch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/event_log.h"

namespace skewless {
namespace {

class WatermarkWatchTest : public ::testing::Test, public EventSink {
 protected:
  WatermarkWatchTest() { UseEventSink(this, EventLevel::kDebug); }
  ~WatermarkWatchTest() override { UseEventSink(nullptr, EventLevel::kOff); }
  void Take(const Event& event) override {
    std::string line;
    AppendEventText(line, event);
    told_.push_back(line);
  }
  void Look(int64_t second, Timestamp watermark_us, bool has_events = true) {
    watch_.Look(second * 1'000'000'000, watermark_us, has_events);
  }
  void ExpectTold(const std::vector<std::string>& lines) const {
    ASSERT_EQ(told_.size(), lines.size());
    for (size_t i = 0; i < lines.size(); ++i)
      EXPECT_EQ(told_[i].rfind(lines[i], 0), 0U) << told_[i];
  }
  WatermarkWatch watch_{10 * kSecondUs};
  std::vector<std::string> told_;
};

TEST_F(WatermarkWatchTest, NoneBeforeTheFirstEventIsNoStall) {
  for (int second = 1; second < 100; ++second) Look(second, kMinTimestamp, false);
  EXPECT_TRUE(told_.empty());
}

// A partition that nothing ever comes of.
TEST_F(WatermarkWatchTest, NoneThoughEventsComeIsOne) {
  for (int second = 1; second < 100; ++second) Look(second, kMinTimestamp, false);
  for (int second = 100; second < 110; ++second) Look(second, kMinTimestamp);
  EXPECT_TRUE(told_.empty());
  for (int second = 110; second < 150; ++second) Look(second, kMinTimestamp);
  const std::string stall =
      "watermark stands still watermark=none stood_still_seconds=10.0 remedy=";
  ExpectTold({stall});
  EXPECT_NE(told_[0].find("idle_after"), std::string::npos);
  Look(150, 5 * kSecondUs);
  ExpectTold(
      {stall, "watermark moves again watermark=1970-01-01T00:00:05Z stood_still_seconds=50.0"});
}

TEST_F(WatermarkWatchTest, AStallIsToldOnceAndItsEndToo) {
  Look(100, 0);
  for (int second = 101; second < 110; ++second) Look(second, 0);
  EXPECT_TRUE(told_.empty());
  for (int second = 110; second < 150; ++second) Look(second, 0);
  const std::string stall =
      "watermark stands still watermark=1970-01-01T00:00:00Z stood_still_seconds=10.0";
  ExpectTold({stall});
  Look(150, 5 * kSecondUs);
  Look(151, 6 * kSecondUs);
  ExpectTold(
      {stall, "watermark moves again watermark=1970-01-01T00:00:05Z stood_still_seconds=50.0"});
}

}  // namespace
}  // namespace skewless
