#include "definition/window.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

DurationUs Parsed(const char* text) { return ParseDuration(text).value(); }

struct HopCase {
  const char* window;
  const char* hop;
};

class DefaultHopTest : public testing::TestWithParam<HopCase> {};

TEST_P(DefaultHopTest, IsTheSmallestRoundDurationOfAtMostSixtyTiles) {
  const auto hop = DefaultHop(Parsed(GetParam().window));
  ASSERT_TRUE(hop.has_value()) << GetParam().window;
  EXPECT_EQ(*hop, Parsed(GetParam().hop)) << GetParam().window;
}

INSTANTIATE_TEST_SUITE_P(TheFiveOfTheReference, DefaultHopTest,
                         testing::Values(HopCase{"5m", "5s"}, HopCase{"1h", "1m"},
                                         HopCase{"24h", "30m"}, HopCase{"7d", "3h"},
                                         HopCase{"30d", "12h"}));
INSTANTIATE_TEST_SUITE_P(
    Others, DefaultHopTest,
    testing::Values(HopCase{"1us", "1us"}, HopCase{"60us", "1us"}, HopCase{"100us", "2us"},
                    HopCase{"1ms", "20us"}, HopCase{"1s", "20ms"}, HopCase{"10s", "200ms"},
                    HopCase{"30s", "500ms"}, HopCase{"1m", "1s"}, HopCase{"90s", "2s"},
                    HopCase{"10m", "10s"}, HopCase{"15m", "15s"}, HopCase{"30m", "30s"},
                    HopCase{"2h", "2m"}, HopCase{"3h", "5m"}, HopCase{"6h", "10m"},
                    HopCase{"12h", "15m"}, HopCase{"2d", "1h"}, HopCase{"3d", "2h"},
                    HopCase{"14d", "6h"}, HopCase{"28d", "12h"}, HopCase{"60d", "1d"},
                    HopCase{"90d", "2d"}, HopCase{"364d", "7d"}, HopCase{"6000d", "100d"}));

TEST(DefaultHop, HasNoneWhereNoRoundDurationFits) {
  EXPECT_FALSE(DefaultHop(Parsed("61s")).has_value());
  EXPECT_FALSE(DefaultHop(Parsed("365d")).has_value());
  EXPECT_FALSE(DefaultHop(Parsed("61us")).has_value());
  EXPECT_EQ(LargestRoundHop(Parsed("61s")), Parsed("1s"));
  EXPECT_EQ(LargestRoundHop(Parsed("365d")), Parsed("5d"));
  EXPECT_EQ(LargestRoundHop(Parsed("61us")), 1);
}

TEST(DefaultHop, AlwaysDividesAndStaysWithinSixtyTiles) {
  for (int64_t minutes = 1; minutes <= 3000; ++minutes) {
    const DurationUs window = minutes * kMinuteUs;
    if (const auto hop = DefaultHop(window)) {
      EXPECT_EQ(window % *hop, 0) << minutes;
      EXPECT_LE(window / *hop, kMostDefaultTiles) << minutes;
    } else {
      const DurationUs largest = LargestRoundHop(window);
      EXPECT_EQ(window % largest, 0) << minutes;
      EXPECT_GT(window / largest, kMostDefaultTiles) << minutes;
    }
  }
}

}  // namespace
}  // namespace skewless
