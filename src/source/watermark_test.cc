#include "source/watermark.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

TEST(Watermark, RefusesWhatIsBehindByMoreThanTheAllowedLateness) {
  Watermark watermark(/*out_of_orderness=*/10, /*allowed_lateness=*/5, std::nullopt);
  EXPECT_EQ(watermark.time(), kMinTimestamp);
  EXPECT_TRUE(watermark.Accept(-1'000'000, 0));  // the first event is never late
  EXPECT_TRUE(watermark.Accept(100, 0));
  EXPECT_EQ(watermark.time(), 90);
  EXPECT_TRUE(watermark.Accept(85, 0));  // by exactly as much
  EXPECT_FALSE(watermark.Accept(84, 0));
  EXPECT_EQ(watermark.time(), 90);
  EXPECT_TRUE(watermark.Accept(101, 0));
  EXPECT_FALSE(watermark.Accept(85, 0));
}

TEST(Watermark, DecidesNothingWithoutAnAllowedLateness) {
  Watermark watermark(10, std::nullopt, std::nullopt);
  EXPECT_FALSE(watermark.refuses());
  EXPECT_TRUE(watermark.Accept(1'000'000, 0));
  EXPECT_TRUE(watermark.Accept(kMinTimestamp, 0));
  EXPECT_EQ(watermark.time(), 999'990);
}

TEST(Watermark, HoldsAtTheEndsOfTime) {
  Watermark watermark(kMaxTimestamp, kMaxTimestamp, kMaxTimestamp);
  EXPECT_TRUE(watermark.Accept(-5, 0));
  EXPECT_TRUE(watermark.Accept(kMinTimestamp, 0));
  Watermark zero(0, 0, std::nullopt);
  EXPECT_TRUE(zero.Accept(kMaxTimestamp, 0));
  EXPECT_FALSE(zero.Accept(kMaxTimestamp - 1, 0));
}

TEST(Watermark, RefusesWhatIsAheadOfWhenItCameByMoreThanItMayBe) {
  Watermark watermark(/*out_of_orderness=*/0, /*allowed_lateness=*/5, /*max_ahead=*/20);
  EXPECT_TRUE(watermark.refuses());
  EXPECT_TRUE(watermark.Accept(/*event_us=*/100, /*came_us=*/90));
  EXPECT_FALSE(watermark.Accept(112, 91));
  EXPECT_EQ(watermark.time(), 100) << "what is refused moves nothing";
  EXPECT_TRUE(watermark.Accept(111, 91));  // by exactly as much
  EXPECT_EQ(watermark.time(), 111);
  Watermark alone(0, std::nullopt, 0);
  EXPECT_TRUE(alone.refuses());
  EXPECT_FALSE(alone.Accept(kMaxTimestamp, kMaxTimestamp - 1));
  EXPECT_TRUE(alone.Accept(kMaxTimestamp, kMaxTimestamp));
  EXPECT_TRUE(alone.Accept(kMinTimestamp, kMinTimestamp));
}

}  // namespace
}  // namespace skewless
