#include "expression/literals.h"

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "base/source_text.h"

namespace skewless {
namespace {

struct Unit {
  std::string_view name;
  DurationUs length;
};
constexpr std::array<Unit, 27> kUnits = {{
    {"us", 1},
    {"microsecond", 1},
    {"microseconds", 1},
    {"ms", 1000},
    {"millisecond", 1000},
    {"milliseconds", 1000},
    {"s", kSecondUs},
    {"sec", kSecondUs},
    {"secs", kSecondUs},
    {"second", kSecondUs},
    {"seconds", kSecondUs},
    {"m", kMinuteUs},
    {"min", kMinuteUs},
    {"mins", kMinuteUs},
    {"minute", kMinuteUs},
    {"minutes", kMinuteUs},
    {"h", kHourUs},
    {"hr", kHourUs},
    {"hrs", kHourUs},
    {"hour", kHourUs},
    {"hours", kHourUs},
    {"d", kDayUs},
    {"day", kDayUs},
    {"days", kDayUs},
    {"w", 7 * kDayUs},
    {"week", 7 * kDayUs},
    {"weeks", 7 * kDayUs},
}};
constexpr std::string_view kRemedy =
    "write a whole number and a unit, as in interval '1 hour' or '2 days 30 minutes'";

void SkipSpaces(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

std::string TakeWord(std::string_view& text) {
  std::string word;
  while (!text.empty() && ((text.front() | 0x20) >= 'a' && (text.front() | 0x20) <= 'z')) {
    word.push_back(static_cast<char>(text.front() | 0x20));
    text.remove_prefix(1);
  }
  return word;
}

tl::unexpected<Error> UnknownUnit(const std::string& word) {
  if (word.starts_with("mon") || word.starts_with("year") || word == "y") {
    return Fail(ErrorCode::kInvalid, "months and years differ in length",
                "write a number of days, as in interval '30 days'");
  }
  return Fail(ErrorCode::kInvalid, "an interval has no unit '" + word + "'", std::string(kRemedy));
}

}  // namespace

Result<DurationUs> ParseInterval(std::string_view text) {
  DurationUs total = 0;
  bool any = false;
  for (SkipSpaces(text); !text.empty() || !any; SkipSpaces(text)) {
    int64_t amount = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (status == std::errc::invalid_argument) {
      return Fail(ErrorCode::kInvalid, "expected a whole number in the interval",
                  std::string(kRemedy));
    }
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    SkipSpaces(text);
    const std::string word = TakeWord(text);
    const Unit* found = nullptr;
    for (const Unit& unit : kUnits) {
      if (unit.name == word) found = &unit;
    }
    if (found == nullptr) return UnknownUnit(word);
    DurationUs part = 0;
    if (status != std::errc() || __builtin_mul_overflow(amount, found->length, &part) ||
        __builtin_add_overflow(total, part, &total)) {
      return Fail(ErrorCode::kInvalid, "the interval does not fit in int64 microseconds");
    }
    any = true;
  }
  return total;
}

std::string AllTypeNames() {
  return "bool, int32, int64, float32, float64, string, bytes, timestamp, and lists of them: "
         "int64[]";
}

std::string TypeNameHint(std::string_view lower_case) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kElsewhere = {{
      {"boolean", "bool"},
      {"int", "int64"},
      {"integer", "int64"},
      {"bigint", "int64"},
      {"long", "int64"},
      {"smallint", "int32"},
      {"int16", "int32"},
      {"real", "float32"},
      {"float", "float64"},
      {"double", "float64"},
      {"numeric", "float64"},
      {"decimal", "float64"},
      {"text", "string"},
      {"varchar", "string"},
      {"char", "string"},
      {"blob", "bytes"},
      {"datetime", "timestamp"},
      {"date", "timestamp"},
  }};
  for (const auto& [elsewhere, ours] : kElsewhere) {
    if (elsewhere == lower_case) return std::string(ours);
  }
  return NearestName(
      lower_case, {"bool", "int32", "int64", "float32", "float64", "string", "bytes", "timestamp"});
}

}  // namespace skewless
