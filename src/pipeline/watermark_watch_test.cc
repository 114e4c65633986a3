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
  void Look(int64_t second, Timestamp watermark_us) {
    watch_.Look(second * 1'000'000'000, watermark_us);
  }
  WatermarkWatch watch_{10 * kSecondUs};
  std::vector<std::string> told_;
};

TEST_F(WatermarkWatchTest, NoneYetIsNoStall) {
  for (int second = 0; second < 100; ++second) Look(second, kMinTimestamp);
  EXPECT_TRUE(told_.empty());
}

TEST_F(WatermarkWatchTest, AStallIsToldOnceAndItsEndToo) {
  Look(100, 0);
  for (int second = 101; second < 110; ++second) Look(second, 0);
  EXPECT_TRUE(told_.empty());
  for (int second = 110; second < 150; ++second) Look(second, 0);
  const std::string stall =
      "watermark stands still watermark=1970-01-01T00:00:00Z stood_still_seconds=10.0";
  EXPECT_EQ(told_, (std::vector<std::string>{stall}));
  Look(150, 5 * kSecondUs);
  Look(151, 6 * kSecondUs);
  EXPECT_EQ(told_, (std::vector<std::string>{stall,
                                             "watermark moves again watermark=1970-01-01T00:00:05Z "
                                             "stood_still_seconds=50.0"}));
}

}  // namespace
}  // namespace skewless
