#include "decode/scalar_text.h"

#include <gtest/gtest.h>

#include <random>

namespace skewless {
namespace {

// The short way and base/time.h agree, on good text and on bad.
TEST(ScalarTextTest, TimestampTextAgreesWithParseTimestamp) {
  std::mt19937_64 random(7);
  const auto two = [&](unsigned limit) {
    const unsigned value = static_cast<unsigned>(random() % limit);
    return std::string(1, static_cast<char>('0' + value / 10)) +
           static_cast<char>('0' + value % 10);
  };
  int good = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = two(100) + two(100) + "-" + two(14) + "-" + two(33) + "T" + two(25) + ":" +
                       two(61) + ":" + two(62);
    if (random() % 2 == 0) text += "." + std::to_string(random() % 10'000'000'000);
    text += random() % 4 == 0 ? "+01:30" : "Z";
    if (random() % 10 == 0) text[random() % text.size()] = "x-:.T 0"[random() % 7];
    const Result<Timestamp> expected = ParseTimestamp(text);
    Timestamp value = 0;
    ASSERT_EQ(DecodeTimestampText(text, &value) == Parsed::kOk, expected.has_value()) << text;
    if (!expected) continue;
    ++good;
    ASSERT_EQ(value, *expected) << text;
  }
  EXPECT_GT(good, 10'000);
}

TEST(ScalarTextTest, TimestampNumbersAreExact) {
  const auto micros = [](std::string_view text, TimestampUnit unit) {
    Timestamp value = 0;
    EXPECT_EQ(DecodeTimestampNumber(text, unit, &value), Parsed::kOk) << text;
    return value;
  };
  EXPECT_EQ(micros("9223372036854.775807", TimestampUnit::kSeconds), kMaxTimestamp);
  EXPECT_EQ(micros("-9223372036854.775808", TimestampUnit::kSeconds), kMinTimestamp);
  EXPECT_EQ(micros("0.0000019", TimestampUnit::kSeconds), 1);
  EXPECT_EQ(micros("-0.0000019", TimestampUnit::kSeconds), -2);
  EXPECT_EQ(micros("-1e-300", TimestampUnit::kSeconds), -1);
  EXPECT_EQ(micros("1357034400123456789", TimestampUnit::kNanos), 1357034400123456);
  EXPECT_EQ(micros("12.5E+3", TimestampUnit::kMillis), 12'500'000);
  EXPECT_EQ(micros("0e99999", TimestampUnit::kSeconds), 0);
  EXPECT_EQ(micros("1.", TimestampUnit::kMicros), 1);
  Timestamp value = 0;
  for (const char* text :
       {"", "-", ".", "e5", "1e", "1e+", "1e+-5", "1x", "0x10", "1e99999999999"}) {
    EXPECT_EQ(DecodeTimestampNumber(text, TimestampUnit::kSeconds, &value), Parsed::kMalformed)
        << text;
  }
  for (const char* text : {"9223372036854.775808", "-9223372036854.7758081", "1e13", "-1e400"}) {
    EXPECT_EQ(DecodeTimestampNumber(text, TimestampUnit::kSeconds, &value), Parsed::kOutOfRange)
        << text;
  }
}

TEST(ScalarTextTest, IntegersAtTheEdges) {
  int64_t value = 0;
  EXPECT_EQ(DecodeInt64("-9223372036854775808", &value), Parsed::kOk);
  EXPECT_EQ(value, INT64_MIN);
  EXPECT_EQ(DecodeInt64("0000000000000000000000012", &value), Parsed::kOk);
  EXPECT_EQ(value, 12);
  EXPECT_EQ(DecodeInt64("999999999999999999", &value), Parsed::kOk);
  EXPECT_EQ(value, 999'999'999'999'999'999);
  EXPECT_EQ(DecodeInt64("-9223372036854775809", &value), Parsed::kOutOfRange);
  EXPECT_EQ(DecodeInt64("99999999999999999999x", &value), Parsed::kMalformed);
  EXPECT_EQ(DecodeInt64("", &value), Parsed::kMalformed);
  EXPECT_EQ(DecodeInt64("--1", &value), Parsed::kMalformed);
}

}  // namespace
}  // namespace skewless
