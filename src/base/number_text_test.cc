#include "base/number_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace skewless {
namespace {

std::string Text(double value) {
  std::string out;
  AppendDouble(out, value);
  return out;
}

TEST(NumberTextTest, IntegersAreStrict) {
  EXPECT_EQ(ParseInt64("-12"), -12);
  EXPECT_EQ(ParseInt64("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(ParseInt64("-9223372036854775808"), INT64_MIN);
  for (const char* text :
       {"", " 1", "1 ", "+1", "1.0", "0x10", "9223372036854775808", "-", "1e3"}) {
    EXPECT_FALSE(ParseInt64(text).has_value()) << text;
  }
}

TEST(NumberTextTest, DoublesAreStrict) {
  EXPECT_EQ(ParseDouble("1"), 1.0);
  EXPECT_EQ(ParseDouble("-0.5"), -0.5);
  EXPECT_EQ(ParseDouble("1e9"), 1e9);
  EXPECT_EQ(ParseDouble(".5"), 0.5);
  EXPECT_TRUE(std::isnan(ParseDouble("NaN").value_or(0)));
  EXPECT_EQ(ParseDouble("-Infinity"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(ParseDouble("inf"), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::signbit(ParseDouble("-0").value_or(1)));
  for (const char* text : {"", " 1", "1 ", "+1", "1,5", "0x1p3", "abc", "1e", "--1", "1.2.3"}) {
    EXPECT_FALSE(ParseDouble(text).has_value()) << text;
  }
}

TEST(NumberTextTest, TooLargeIsRefusedAndTooSmallIsZero) {
  EXPECT_FALSE(ParseDouble("1e999").has_value());
  EXPECT_FALSE(ParseDouble("-1e309").has_value());
  EXPECT_FALSE(ParseDouble("1e99999999999999999999").has_value());
  EXPECT_FALSE(ParseDouble(std::string(400, '9')).has_value());
  EXPECT_EQ(ParseDouble("1e-999"), 0.0);
  EXPECT_EQ(ParseDouble("1e-99999999999999999999"), 0.0);
  EXPECT_EQ(ParseDouble("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(ParseDouble("0e999"), 0.0);
  EXPECT_TRUE(std::signbit(ParseDouble("-1e-999").value_or(1)));
  EXPECT_EQ(ParseDouble("5e-324"), std::numeric_limits<double>::denorm_min());
}

TEST(NumberTextTest, DoublesAlwaysLookLikeDoubles) {
  EXPECT_EQ(Text(1), "1.0");
  EXPECT_EQ(Text(-0.0), "-0.0");
  EXPECT_EQ(Text(0.1), "0.1");
  EXPECT_EQ(Text(1e300), "1e+300");
  EXPECT_EQ(Text(std::nan("")), "NaN");
  EXPECT_EQ(Text(-INFINITY), "-Infinity");
  std::string text;
  AppendFloat(text, 0.1F);
  AppendInt64(text, INT64_MIN);
  EXPECT_EQ(text, "0.1-9223372036854775808");
}

TEST(NumberTextTest, DoublesReadBackToTheBit) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 50'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const auto read = ParseDouble(Text(value));
    ASSERT_TRUE(read.has_value()) << Text(value);
    ASSERT_EQ(std::bit_cast<uint64_t>(read.value_or(0)), std::bit_cast<uint64_t>(value));
  }
}

}  // namespace
}  // namespace skewless
