#include "decode/decimal_text.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace skewless {
namespace {

std::string TextOf(std::string_view unscaled, int scale) {
  std::string text;
  return DecimalText(unscaled, scale, &text) ? text : "none";
}

// Two's complement of `size` bytes, the greatest first.
std::string BytesOf(int64_t number, size_t size) {
  std::string bytes;
  for (size_t i = size; i-- > 0;) {
    bytes += static_cast<char>(i < 8 ? number >> (8 * i) : (number < 0 ? -1 : 0));
  }
  return bytes;
}

TEST(DecimalTextTest, DigitsBehindThePointAreAsManyAsTheScale) {
  EXPECT_EQ(TextOf(BytesOf(1234, 2), 2), "12.34");
  EXPECT_EQ(TextOf(BytesOf(-1234, 2), 2), "-12.34");
  EXPECT_EQ(TextOf(BytesOf(-5, 1), 2), "-0.05");
  EXPECT_EQ(TextOf(BytesOf(900, 2), 2), "9.00");
  EXPECT_EQ(TextOf(BytesOf(7, 1), 0), "7");
  EXPECT_EQ(TextOf(BytesOf(0, 1), 3), "0.000");
  EXPECT_EQ(TextOf("", 1), "0.0");
}

TEST(DecimalTextTest, HoweverManyBytesItTakes) {
  for (const int64_t number : {int64_t{-128}, int64_t{127}, int64_t{0}, int64_t{-1}}) {
    for (size_t size = 1; size <= 40; ++size)
      EXPECT_EQ(TextOf(BytesOf(number, size), 0), std::to_string(number)) << size;
  }
  EXPECT_EQ(TextOf(BytesOf(INT64_MIN, 8), 0), "-9223372036854775808");
  EXPECT_EQ(TextOf(BytesOf(INT64_MAX, 9), 4), "922337203685477.5807");
}

TEST(DecimalTextTest, ThirtyTwoBytesAreTheMost) {
  const std::string most = "\x7f" + std::string(31, '\xff');
  const std::string least = "\x80" + std::string(31, '\0');
  const std::string text =
      "5789604461865809771178549250434395392663499233282028201972879200395656481996";
  EXPECT_EQ(TextOf(most, 0), text + "7");
  EXPECT_EQ(TextOf(least, 0), "-" + text + "8");
  EXPECT_EQ(TextOf(std::string(1, '\0') + most, 0), text + "7");
  EXPECT_EQ(TextOf("\xff" + most, 0), "none");
  EXPECT_EQ(TextOf(std::string(1, '\0') + least, 0), "none");
  EXPECT_EQ(TextOf(std::string(1'000'000, '\x7f'), 0), "none");
}

}  // namespace
}  // namespace skewless
