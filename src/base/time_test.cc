#include "base/time.h"

#include <gtest/gtest.h>

#include <random>

namespace skewless {
namespace {

Timestamp Parsed(std::string_view text) {
  const auto time = ParseTimestamp(text);
  EXPECT_TRUE(time.has_value()) << text;
  return time.value_or(kMinTimestamp);
}

TEST(TimeTest, FloorsTowardsThePast) {
  EXPECT_EQ(FloorDiv(7, 5), 1);
  EXPECT_EQ(FloorDiv(-1, 5), -1);
  EXPECT_EQ(FloorDiv(-5, 5), -1);
  EXPECT_EQ(FloorDiv(-6, 5), -2);
  EXPECT_EQ(FloorDiv(kMinTimestamp, 1), kMinTimestamp);
}

TEST(TimeTest, SaturatesAtTheEnds) {
  EXPECT_EQ(SaturatingSub(kMinTimestamp, 1), kMinTimestamp);
  EXPECT_EQ(SaturatingSub(kMaxTimestamp, -1), kMaxTimestamp);
  EXPECT_EQ(SaturatingAdd(kMaxTimestamp, 1), kMaxTimestamp);
  EXPECT_EQ(SaturatingAdd(kMinTimestamp, -1), kMinTimestamp);
  EXPECT_EQ(SaturatingAdd(3, -5), -2);
}

TEST(TimeTest, ParsesEveryForm) {
  constexpr Timestamp kFiveOClock = 1'357'016'400 * kSecondUs;
  EXPECT_EQ(Parsed("2013-01-01T05:00:00Z"), kFiveOClock);
  EXPECT_EQ(Parsed("2013-01-01t05:00:00z"), kFiveOClock);
  EXPECT_EQ(Parsed("2013-01-01 05:00:00"), kFiveOClock);
  EXPECT_EQ(Parsed("2013-01-01T05:00:00.25Z"), kFiveOClock + 250'000);
  EXPECT_EQ(Parsed("2013-01-01T05:00:00.123456789Z"), kFiveOClock + 123'456);
  EXPECT_EQ(Parsed("2013-01-01T07:30:00+02:30"), kFiveOClock);
  EXPECT_EQ(Parsed("2013-01-01T00:00:00-0500"), kFiveOClock);
  EXPECT_EQ(Parsed("2013-01-01 06:00:00+01"), kFiveOClock);
  EXPECT_EQ(Parsed("2013-01-01"), kFiveOClock - 5 * kHourUs);
  EXPECT_EQ(Parsed("1969-12-31T23:59:59.999999Z"), -1);
  EXPECT_EQ(Parsed("2016-12-31T23:59:60Z"), Parsed("2017-01-01"));
  EXPECT_EQ(Parsed("2012-02-29"), Parsed("2012-03-01") - kDayUs);
}

TEST(TimeTest, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "2013",
                           "2013-1-01",
                           "2013-13-01",
                           "2013-00-10",
                           "2013-02-29",
                           "1900-02-29",
                           "2013-01-32",
                           "0000-01-01",
                           "2013-01-01T",
                           "2013-01-01T05",
                           "2013-01-01T05:00",
                           "2013-01-01T24:00:00Z",
                           "2013-01-01T05:60:00Z",
                           "2013-01-01T05:00:61Z",
                           "2013-01-01T05:00:00.Z",
                           "2013-01-01T05:00:00Zx",
                           "2013-01-01T05:00:00+",
                           "2013-01-01T05:00:00+1",
                           "2013-01-01T05:00:00+01:",
                           "2013-01-01T05:00:00+24:00",
                           "2013-01-01T05:00:00 UTC",
                           "2013-01-01x05:00:00Z",
                           " 2013-01-01",
                           "2013-01-01 ",
                           "0001-01-01T00:00:00+01:00",
                           "9999-12-31T23:59:59-01:00",
                           "1357016400"}) {
    const auto time = ParseTimestamp(text);
    ASSERT_FALSE(time.has_value()) << text;
    EXPECT_EQ(time.error().code, ErrorCode::kInvalid);
  }
  EXPECT_EQ(ParseTimestamp("2013-02-29").error().ToString(),
            "expected a timestamp, found '2013-02-29': there is no such date\n"
            "  Write RFC 3339, as in 2013-01-01T05:00:00Z.");
}

TEST(TimeTest, SaysWhatIsWrong) {
  const auto why_no_time = [](std::string_view text) {
    const std::string message = ParseTimestamp(text).error().message;
    return message.substr(message.find("': ") + 3);
  };
  EXPECT_EQ(why_no_time("2013-01-01T05:00"),
            "behind the date it is no time of day with hours, minutes and seconds");
  const auto why_no_duration = [](std::string_view text) {
    const std::string message = ParseDuration(text).error().message;
    return message.substr(message.find("': ") + 3);
  };
  EXPECT_EQ(why_no_duration("10"), "it has no unit");
  EXPECT_EQ(why_no_duration("10min"), "it has another unit");
  EXPECT_EQ(why_no_duration("1.5h"), "the number must be whole");
}

TEST(TimeTest, FormatsWithAsManyDigitsAsNeeded) {
  EXPECT_EQ(FormatTimestamp(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTimestamp(250'000), "1970-01-01T00:00:00.250Z");
  EXPECT_EQ(FormatTimestamp(1), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(FormatTimestamp(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatTimestamp(Parsed("0001-01-01")), "0001-01-01T00:00:00Z");
  EXPECT_EQ(FormatTimestamp(Parsed("0001-01-01") - 1), "-62135596800000001");
  EXPECT_EQ(FormatTimestamp(Parsed("9999-12-31T23:59:59.999999Z")), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatTimestamp(Parsed("9999-12-31T23:59:59.999999Z") + 1), "253402300800000000");
  EXPECT_EQ(FormatTimestamp(kMinTimestamp), "-9223372036854775808");
}

TEST(TimeTest, FormattedTimesReadBack) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<Timestamp> any(Parsed("0001-01-01"),
                                               Parsed("9999-12-31T23:59:59.999999Z"));
  for (int i = 0; i < 20'000; ++i) {
    const Timestamp time = any(random);
    ASSERT_EQ(Parsed(FormatTimestamp(time)), time);
  }
}

TEST(TimeTest, DatesGoThereAndBack) {
  for (int64_t day = -800'000; day < 800'000; day += 17) {
    const CivilDate date = CivilFromDays(day);
    ASSERT_EQ(DaysFromCivil(date), day);
    ASSERT_TRUE(date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= 31) << day;
  }
  EXPECT_EQ(DaysFromCivil({2000, 2, 29}), 11'016);
  EXPECT_EQ(FormatDate(-1), "1969-12-31");
  EXPECT_EQ(FormatDate(Parsed("0001-01-01") - 366 * kDayUs), "0000-01-01");
  EXPECT_EQ(FormatDate(Parsed("0001-01-01") - 367 * kDayUs), "-0001-12-31");
  EXPECT_EQ(FormatDate(Parsed("9999-12-31") + kDayUs), "10000-01-01");
  EXPECT_EQ(FormatDate(Parsed("2013-01-01T05:00:00Z")), "2013-01-01");
}

TEST(TimeTest, Durations) {
  EXPECT_EQ(ParseDuration("5m").value(), 5 * kMinuteUs);
  EXPECT_EQ(ParseDuration("24h").value(), kDayUs);
  EXPECT_EQ(ParseDuration("7d").value(), 7 * kDayUs);
  EXPECT_EQ(ParseDuration("90s").value(), 90 * kSecondUs);
  EXPECT_EQ(ParseDuration("250ms").value(), 250'000);
  EXPECT_EQ(ParseDuration("10us").value(), 10);
  for (const char* text : {"", "m", "5", "5 m", "5M", "0s", "-5m", "+5m", "1.5h", "5mm", "5w",
                           "106751992d", "99999999999999999999s"}) {
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
  }
  EXPECT_EQ(FormatDuration(kDayUs), "1d");
  EXPECT_EQ(FormatDuration(36 * kHourUs), "36h");
  EXPECT_EQ(FormatDuration(90 * kSecondUs), "90s");
  EXPECT_EQ(FormatDuration(1500), "1500us");
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(-kHourUs), "-1h");
}

}  // namespace
}  // namespace skewless
