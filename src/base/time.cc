#include "base/time.h"

#include <array>
#include <charconv>
#include <cstdlib>

namespace skewless {
namespace {

constexpr Timestamp kFirstTime = -62'135'596'800 * kSecondUs;   // 0001-01-01T00:00:00Z
constexpr Timestamp kPastTheEnd = 253'402'300'800 * kSecondUs;  // 10000-01-01T00:00:00Z

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads a timestamp left to right; `ok` is false for good after the first surprise.
struct Cursor {
  std::string_view text;
  size_t at = 0;
  bool ok = true;

  bool done() const { return at == text.size(); }
  char peek() const { return done() ? '\0' : text[at]; }
  bool Take(char c) {
    if (peek() != c || done()) return false;
    ++at;
    return true;
  }
  void Expect(char c) { ok = Take(c) && ok; }
  int Digits(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      if (!IsDigit(peek())) {
        ok = false;
        return 0;
      }
      value = value * 10 + (text[at++] - '0');
    }
    return value;
  }
};

bool IsLeapYear(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(int year, int month) {
  constexpr std::array<int, 13> kDays = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[static_cast<size_t>(month)];
}

// ".25" -> 250000; digits after the sixth are dropped.
int64_t ReadFraction(Cursor& cursor) {
  if (!cursor.Take('.')) return 0;
  int64_t micros = 0;
  int digits = 0;
  for (; IsDigit(cursor.peek()); ++cursor.at, ++digits) {
    if (digits < 6) micros = micros * 10 + (cursor.peek() - '0');
  }
  if (digits == 0) cursor.ok = false;
  for (; digits < 6; ++digits) micros *= 10;
  return micros;
}

// "Z", "+05:30", "+0530", "+05" or nothing, in microseconds to subtract.
int64_t ReadOffset(Cursor& cursor) {
  if (cursor.Take('Z') || cursor.Take('z') || cursor.done()) return 0;
  const bool west = cursor.peek() == '-';
  if (!cursor.Take('-')) cursor.Expect('+');
  const int hours = cursor.Digits(2);
  int minutes = 0;
  if (cursor.Take(':') || !cursor.done()) minutes = cursor.Digits(2);
  if (hours > 23 || minutes > 59) cursor.ok = false;
  const int64_t offset = hours * kHourUs + minutes * kMinuteUs;
  return west ? -offset : offset;
}

int64_t ReadTimeOfDay(Cursor& cursor) {
  const int hour = cursor.Digits(2);
  cursor.Expect(':');
  const int minute = cursor.Digits(2);
  cursor.Expect(':');
  const int second = cursor.Digits(2);
  // 60 is a leap second: as in POSIX time it is the next minute's first.
  if (hour > 23 || minute > 59 || second > 60) cursor.ok = false;
  return hour * kHourUs + minute * kMinuteUs + second * kSecondUs + ReadFraction(cursor);
}

tl::unexpected<Error> FailTimestamp(std::string_view text, const char* why) {
  std::string message = "expected a timestamp, found '";
  message.append(text.substr(0, 64)).append("': ").append(why);
  return Fail(ErrorCode::kInvalid, std::move(message),
              "Write RFC 3339, as in 2013-01-01T05:00:00Z.");
}

void AppendPadded(std::string& out, int64_t value, int width) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  const auto size = static_cast<int>(end - digits.data());
  for (int i = size; i < width; ++i) out.push_back('0');
  out.append(digits.data(), end);
}

void AppendDate(std::string& out, int64_t days) {
  const CivilDate date = CivilFromDays(days);
  if (date.year < 0) out.push_back('-');
  AppendPadded(out, std::abs(date.year), 4);
  out.push_back('-');
  AppendPadded(out, date.month, 2);
  out.push_back('-');
  AppendPadded(out, date.day, 2);
}

bool HasFourDigitYear(Timestamp time_us) { return time_us >= kFirstTime && time_us < kPastTheEnd; }

struct DurationUnit {
  std::string_view name;
  DurationUs micros;
};
constexpr std::array<DurationUnit, 6> kDurationUnits = {{
    {"d", kDayUs},
    {"h", kHourUs},
    {"m", kMinuteUs},
    {"s", kSecondUs},
    {"ms", 1000},
    {"us", 1},
}};

tl::unexpected<Error> FailDuration(std::string_view text, const char* why) {
  std::string message = "expected a duration, found '";
  message.append(text.substr(0, 64)).append("': ").append(why);
  return Fail(ErrorCode::kInvalid, std::move(message),
              "Write a whole number and a unit of d, h, m, s, ms or us, as in 5m or 24h.");
}

}  // namespace

Result<Timestamp> ParseTimestamp(std::string_view text) {
  Cursor cursor{text};
  const int year = cursor.Digits(4);
  cursor.Expect('-');
  const int month = cursor.Digits(2);
  cursor.Expect('-');
  const int day = cursor.Digits(2);
  if (!cursor.ok) return FailTimestamp(text, "no date at its start");
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) {
    return FailTimestamp(text, "there is no such date");
  }
  const int64_t days =
      DaysFromCivil({year, static_cast<unsigned>(month), static_cast<unsigned>(day)});
  if (cursor.done()) return days * kDayUs;

  if (!cursor.Take('T') && !cursor.Take('t')) cursor.Expect(' ');
  const int64_t time_of_day = ReadTimeOfDay(cursor);
  if (!cursor.ok) {
    return FailTimestamp(text,
                         "behind the date it is no time of day with hours, minutes and "
                         "seconds");
  }
  const int64_t offset = ReadOffset(cursor);
  if (!cursor.ok || !cursor.done()) return FailTimestamp(text, "no UTC offset at its end");
  const Timestamp time_us = days * kDayUs + time_of_day - offset;
  if (!HasFourDigitYear(time_us)) return FailTimestamp(text, "outside the years 0001 to 9999");
  return time_us;
}

std::string FormatTimestamp(Timestamp time_us) {
  if (!HasFourDigitYear(time_us)) return std::to_string(time_us);
  const int64_t days = FloorDiv(time_us, kDayUs);
  const int64_t in_day = time_us - days * kDayUs;
  std::string out;
  out.reserve(27);
  AppendDate(out, days);
  out.push_back('T');
  AppendPadded(out, in_day / kHourUs, 2);
  out.push_back(':');
  AppendPadded(out, in_day / kMinuteUs % 60, 2);
  out.push_back(':');
  AppendPadded(out, in_day / kSecondUs % 60, 2);
  const int64_t micros = in_day % kSecondUs;
  if (micros != 0) {
    out.push_back('.');
    if (micros % 1000 == 0) {
      AppendPadded(out, micros / 1000, 3);
    } else {
      AppendPadded(out, micros, 6);
    }
  }
  out.push_back('Z');
  return out;
}

Result<DurationUs> ParseDuration(std::string_view text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc::result_out_of_range) return FailDuration(text, "the number is too large");
  if (error != std::errc()) return FailDuration(text, "it has no number at its start");
  if (count <= 0) return FailDuration(text, "it must be greater than zero");
  const std::string_view unit_name = text.substr(static_cast<size_t>(end - text.data()));
  for (const DurationUnit& unit : kDurationUnits) {
    if (unit.name != unit_name) continue;
    DurationUs duration_us = 0;
    if (__builtin_mul_overflow(count, unit.micros, &duration_us)) {
      return FailDuration(text, "it is longer than 292,000 years");
    }
    return duration_us;
  }
  return FailDuration(text, unit_name.empty()          ? "it has no unit"
                            : unit_name.front() == '.' ? "the number must be whole"
                                                       : "it has another unit");
}

std::string FormatDuration(DurationUs duration_us) {
  if (duration_us == 0) return "0s";
  for (const DurationUnit& unit : kDurationUnits) {
    if (duration_us % unit.micros == 0) {
      return std::to_string(duration_us / unit.micros) + std::string(unit.name);
    }
  }
  return std::to_string(duration_us) + "us";
}

CivilDate CivilFromDays(int64_t days) {
  // Years begin in March, so that the leap day is the last of its year; eras of 400 years.
  days += 719'468;
  const int64_t era = FloorDiv(days, 146'097);
  const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned month_from_march = (5 * day_of_year + 2) / 153;
  const unsigned day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {era * 400 + year_of_era + (month <= 2 ? 1 : 0), month, day};
}

int64_t DaysFromCivil(CivilDate date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t era = FloorDiv(year, 400);
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
  const unsigned day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

std::string FormatDate(Timestamp time_us) {
  std::string out;
  AppendDate(out, FloorDiv(time_us, kDayUs));
  return out;
}

}  // namespace skewless
