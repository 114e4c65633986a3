// The calendar, as the expression oracle sees it: by counting.
#pragma once

#include <cstdint>
#include <string>

namespace skewless::oracle {

using Wide = __int128;

inline Wide FloorDivide(Wide a, Wide b) {
  Wide quotient = a / b;
  if (quotient * b > a) --quotient;
  return quotient;
}

inline bool IsLeap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
inline int DaysOfMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[month - 1] + (month == 2 && IsLeap(year) ? 1 : 0);
}
inline int DaysOfYear(int64_t year) { return IsLeap(year) ? 366 : 365; }

struct Moment {
  int64_t days = 0;  // since 1970-01-01
  int64_t year = 1970;
  int month = 1;
  int day = 1;
  int day_of_year = 1;
  int weekday = 0;     // 0 is Monday
  int64_t within = 0;  // microseconds of the day
};

inline Moment MomentOfDay(int64_t days) {
  Moment moment;
  moment.days = days;
  moment.weekday = static_cast<int>(days - 7 * static_cast<int64_t>(FloorDivide(days + 3, 7)) + 3);
  constexpr int kDaysOf400Years = 146097;
  const auto eras = static_cast<int64_t>(FloorDivide(days, kDaysOf400Years));
  int64_t rest = days - eras * kDaysOf400Years;
  moment.year += 400 * eras;
  for (; rest >= DaysOfYear(moment.year); ++moment.year) rest -= DaysOfYear(moment.year);
  moment.day_of_year = static_cast<int>(rest) + 1;
  for (; rest >= DaysOfMonth(moment.year, moment.month); ++moment.month) {
    rest -= DaysOfMonth(moment.year, moment.month);
  }
  moment.day = static_cast<int>(rest) + 1;
  return moment;
}

inline Moment MomentOf(int64_t time) {
  constexpr int64_t kDay = int64_t{86400} * 1000000;
  const auto days = static_cast<int64_t>(FloorDivide(time, kDay));
  Moment moment = MomentOfDay(days);
  moment.within = static_cast<int64_t>(Wide{time} - Wide{days} * kDay);
  return moment;
}

// Unit in the singular.
inline int64_t PartOf(const std::string& unit, int64_t time) {
  const Moment m = MomentOf(time);
  const int64_t of_minute = m.within % 60000000;
  if (unit == "microsecond") return of_minute;
  if (unit == "millisecond") return of_minute / 1000;
  if (unit == "second") return of_minute / 1000000;
  if (unit == "minute") return m.within / 60000000 % 60;
  if (unit == "hour") return m.within / 3600000000;
  if (unit == "day") return m.day;
  if (unit == "month") return m.month;
  if (unit == "quarter") return (m.month + 2) / 3;
  if (unit == "year") return m.year;
  if (unit == "dayofweek" || unit == "dow") return (m.weekday + 1) % 7;
  if (unit == "isodow") return m.weekday + 1;
  if (unit == "dayofyear" || unit == "doy") return m.day_of_year;
  const Moment thursday = MomentOfDay(m.days - m.weekday + 3);
  if (unit == "isoyear") return thursday.year;
  return (thursday.day_of_year + 6) / 7;  // week
}

inline Wide Truncated(const std::string& unit, int64_t time) {
  const Moment m = MomentOf(time);
  Wide days = m.days;
  if (unit == "microsecond") return time;
  if (unit == "millisecond") return Wide{time} - m.within % 1000;
  if (unit == "second") return Wide{time} - m.within % 1000000;
  if (unit == "minute") return Wide{time} - m.within % 60000000;
  if (unit == "hour") return Wide{time} - m.within % 3600000000;
  if (unit == "week") days -= m.weekday;
  if (unit == "month" || unit == "quarter") days -= m.day - 1;
  if (unit == "quarter") {
    for (int month = m.month; month % 3 != 1; --month) days -= DaysOfMonth(m.year, month - 1);
  }
  if (unit == "year") days -= m.day_of_year - 1;
  return days * Wide{86400} * 1000000;
}

}  // namespace skewless::oracle
