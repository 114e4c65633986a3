// Time is int64 microseconds since the Unix epoch, UTC, everywhere.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/result.h"

namespace skewless {

using Timestamp = int64_t;   // microseconds since 1970-01-01T00:00:00Z
using DurationUs = int64_t;  // microseconds

inline constexpr Timestamp kMinTimestamp = std::numeric_limits<int64_t>::min();
inline constexpr Timestamp kMaxTimestamp = std::numeric_limits<int64_t>::max();
inline constexpr DurationUs kSecondUs = 1'000'000;
inline constexpr DurationUs kMinuteUs = 60 * kSecondUs;
inline constexpr DurationUs kHourUs = 60 * kMinuteUs;
inline constexpr DurationUs kDayUs = 24 * kHourUs;

// Floor division, right for times before 1970. `divisor` > 0.
constexpr int64_t FloorDiv(int64_t value, int64_t divisor) {
  const int64_t quotient = value / divisor;
  return quotient - ((value % divisor) < 0 ? 1 : 0);
}

// a - b and a + b, held at the ends of the range where they would overflow.
constexpr int64_t SaturatingSub(int64_t a, int64_t b) {
  int64_t r = 0;
  if (__builtin_sub_overflow(a, b, &r)) return b > 0 ? kMinTimestamp : kMaxTimestamp;
  return r;
}
constexpr int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t r = 0;
  if (__builtin_add_overflow(a, b, &r)) return b > 0 ? kMaxTimestamp : kMinTimestamp;
  return r;
}

// RFC 3339 ("2013-01-01T05:00:00.25Z", offset or Z; a space for the T; no offset means UTC; a bare
// date means its midnight). More than six fraction digits are truncated. Years 0001..9999.
Result<Timestamp> ParseTimestamp(std::string_view text);

// "2013-01-01T05:00:00Z", with 0, 3 or 6 fraction digits as needed. Times outside the years
// 0001..9999 print as their number of microseconds.
std::string FormatTimestamp(Timestamp time_us);

// "5m", "24h", "7d", "90s", "250ms", "10us": a positive whole number and a unit.
Result<DurationUs> ParseDuration(std::string_view text);
std::string FormatDuration(DurationUs duration_us);  // the largest unit that divides it: "24h"

// Days since the epoch to civil date and back (proleptic Gregorian; Hinnant's algorithm).
struct CivilDate {
  int64_t year;
  unsigned month;
  unsigned day;
};
CivilDate CivilFromDays(int64_t days);
int64_t DaysFromCivil(CivilDate date);
std::string FormatDate(Timestamp time_us);  // "2013-01-01", the UTC date

}  // namespace skewless
