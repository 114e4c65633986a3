// Times: microseconds since 1970, UTC, in the proleptic Gregorian calendar.
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "expression/operations.h"
#include "expression/rows.h"

namespace skewless::operations {
namespace {

// The part of the time that is less than `unit`, never negative.
int64_t Within(Timestamp time, DurationUs unit) {
  const int64_t rest = time % unit;
  return rest < 0 ? rest + unit : rest;
}

int64_t DayOf(Timestamp time) { return FloorDiv(time, kDayUs); }
CivilDate DateOf(Timestamp time) { return CivilFromDays(DayOf(time)); }
// 1970-01-01 was a Thursday. 0 is Monday.
int64_t Weekday(int64_t day) { return Within(day + 3, 7); }
// An ISO week belongs to the year of its Thursday.
int64_t ThursdayOf(Timestamp time) { return DayOf(time) - Weekday(DayOf(time)) + 3; }

int64_t Microsecond(Timestamp time) { return Within(time, kMinuteUs); }
int64_t Millisecond(Timestamp time) { return Within(time, kMinuteUs) / 1000; }
int64_t Second(Timestamp time) { return Within(time, kMinuteUs) / kSecondUs; }
int64_t Minute(Timestamp time) { return Within(time, kHourUs) / kMinuteUs; }
int64_t Hour(Timestamp time) { return Within(time, kDayUs) / kHourUs; }
int64_t Day(Timestamp time) { return DateOf(time).day; }
int64_t Month(Timestamp time) { return DateOf(time).month; }
int64_t Quarter(Timestamp time) { return (DateOf(time).month - 1) / 3 + 1; }
int64_t Year(Timestamp time) { return DateOf(time).year; }
int64_t DayOfWeek(Timestamp time) { return (Weekday(DayOf(time)) + 1) % 7; }
int64_t IsoDayOfWeek(Timestamp time) { return Weekday(DayOf(time)) + 1; }
int64_t DayOfYear(Timestamp time) {
  return DayOf(time) - DaysFromCivil({DateOf(time).year, 1, 1}) + 1;
}
int64_t IsoYear(Timestamp time) { return CivilFromDays(ThursdayOf(time)).year; }
int64_t Week(Timestamp time) {
  return (ThursdayOf(time) - DaysFromCivil({IsoYear(time), 1, 1})) / 7 + 1;
}

template <int64_t (*kPart)(Timestamp)>
void Part(const Frame& frame, const Instruction& instruction) {
  MapUnary<int64_t, int64_t>(frame, instruction, [](int64_t time) { return kPart(time); });
}

struct NamedOperation {
  std::string_view name;
  Operation operation;
};
constexpr std::array<NamedOperation, 17> kParts = {{
    {"microsecond", Part<Microsecond>},
    {"millisecond", Part<Millisecond>},
    {"second", Part<Second>},
    {"minute", Part<Minute>},
    {"hour", Part<Hour>},
    {"day", Part<Day>},
    {"month", Part<Month>},
    {"quarter", Part<Quarter>},
    {"year", Part<Year>},
    {"week", Part<Week>},
    {"isoyear", Part<IsoYear>},
    {"dayofweek", Part<DayOfWeek>},
    {"dow", Part<DayOfWeek>},
    {"isodow", Part<IsoDayOfWeek>},
    {"dayofyear", Part<DayOfYear>},
    {"doy", Part<DayOfYear>},
    {"epoch", Epoch},
}};

template <DurationUs kUnit>
void TruncateToUnit(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, int64_t>(frame, instruction, [](int64_t time, int64_t* out) {
    const bool failed = __builtin_sub_overflow(time, Within(time, kUnit), out);
    return failed ? Outcome::kOverflow : Outcome::kValue;
  });
}

int64_t FirstOfWeek(Timestamp time) { return DayOf(time) - Weekday(DayOf(time)); }
int64_t FirstOfMonth(Timestamp time) {
  const CivilDate date = DateOf(time);
  return DaysFromCivil({date.year, date.month, 1});
}
int64_t FirstOfQuarter(Timestamp time) {
  const CivilDate date = DateOf(time);
  return DaysFromCivil({date.year, (date.month - 1) / 3 * 3 + 1, 1});
}
int64_t FirstOfYear(Timestamp time) { return DaysFromCivil({DateOf(time).year, 1, 1}); }

template <int64_t (*kFirstDay)(Timestamp)>
void TruncateToDay(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, int64_t>(frame, instruction, [](int64_t time, int64_t* out) {
    const bool failed = __builtin_mul_overflow(kFirstDay(time), kDayUs, out);
    return failed ? Outcome::kOverflow : Outcome::kValue;
  });
}

constexpr std::array<NamedOperation, 10> kTruncations = {{
    {"microsecond", TruncateToUnit<1>},
    {"millisecond", TruncateToUnit<1000>},
    {"second", TruncateToUnit<kSecondUs>},
    {"minute", TruncateToUnit<kMinuteUs>},
    {"hour", TruncateToUnit<kHourUs>},
    {"day", TruncateToUnit<kDayUs>},
    {"week", TruncateToDay<FirstOfWeek>},
    {"month", TruncateToDay<FirstOfMonth>},
    {"quarter", TruncateToDay<FirstOfQuarter>},
    {"year", TruncateToDay<FirstOfYear>},
}};

// Units may be written in the plural.
template <size_t kSize>
Operation Find(const std::array<NamedOperation, kSize>& table, std::string_view name) {
  for (const NamedOperation& entry : table) {
    if (entry.name == name) return entry.operation;
  }
  return name.ends_with('s') ? Find(table, name.substr(0, name.size() - 1)) : nullptr;
}

template <size_t kSize>
std::vector<std::string> Names(const std::array<NamedOperation, kSize>& table) {
  std::vector<std::string> names;
  for (const NamedOperation& entry : table) names.emplace_back(entry.name);
  return names;
}

template <int64_t kUnit>
void FromWhole(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, int64_t>(frame, instruction, [](int64_t count, int64_t* out) {
    return __builtin_mul_overflow(count, kUnit, out) ? Outcome::kOverflow : Outcome::kValue;
  });
}

}  // namespace

void Epoch(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, int64_t>(frame, instruction,
                            [](int64_t time) { return static_cast<double>(time) / 1e6; });
}

void EpochMillis(const Frame& frame, const Instruction& instruction) {
  MapUnary<int64_t, int64_t>(frame, instruction, [](int64_t time) { return FloorDiv(time, 1000); });
}

void ToTimestampInt(const Frame& frame, const Instruction& instruction) {
  FromWhole<kSecondUs>(frame, instruction);
}
void ToTimestampMillis(const Frame& frame, const Instruction& instruction) {
  FromWhole<1000>(frame, instruction);
}

void ToTimestampDouble(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, double>(frame, instruction, [](double seconds, int64_t* out) {
    if (!std::isfinite(seconds)) return Outcome::kDomain;
    const double time = std::round(seconds * 1e6);
    if (!(time >= -0x1p63 && time < 0x1p63)) return Outcome::kOverflow;
    *out = static_cast<int64_t>(time);
    return Outcome::kValue;
  });
}

Operation DatePartOperation(std::string_view unit) { return Find(kParts, unit); }
Operation DateTruncOperation(std::string_view unit) { return Find(kTruncations, unit); }
std::vector<std::string> DatePartUnits() { return Names(kParts); }
std::vector<std::string> DateTruncUnits() { return Names(kTruncations); }

}  // namespace skewless::operations
