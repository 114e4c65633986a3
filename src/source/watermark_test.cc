#include "source/watermark.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

TEST(Watermark, RefusesWhatIsBehindByMoreThanTheAllowedLateness) {
  Watermark watermark(/*out_of_orderness=*/10, /*allowed_lateness=*/5);
  EXPECT_EQ(watermark.time(), kMinTimestamp);
  EXPECT_TRUE(watermark.Accept(-1'000'000));  // the first event is never late
  EXPECT_TRUE(watermark.Accept(100));
  EXPECT_EQ(watermark.time(), 90);
  EXPECT_TRUE(watermark.Accept(85));  // by exactly as much
  EXPECT_FALSE(watermark.Accept(84));
  EXPECT_EQ(watermark.time(), 90);
  EXPECT_TRUE(watermark.Accept(101));
  EXPECT_FALSE(watermark.Accept(85));
}

TEST(Watermark, DecidesNothingWithoutAnAllowedLateness) {
  Watermark watermark(10, std::nullopt);
  EXPECT_FALSE(watermark.decides());
  EXPECT_TRUE(watermark.Accept(1'000'000));
  EXPECT_TRUE(watermark.Accept(kMinTimestamp));
  EXPECT_EQ(watermark.time(), 999'990);
}

TEST(Watermark, HoldsAtTheEndsOfTime) {
  Watermark watermark(kMaxTimestamp, kMaxTimestamp);
  EXPECT_TRUE(watermark.Accept(-5));
  EXPECT_TRUE(watermark.Accept(kMinTimestamp));
  Watermark zero(0, 0);
  EXPECT_TRUE(zero.Accept(kMaxTimestamp));
  EXPECT_FALSE(zero.Accept(kMaxTimestamp - 1));
}

}  // namespace
}  // namespace skewless
