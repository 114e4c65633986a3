// cast(x as type). A value that the type can't hold, or a text that isn't one, is a domain error.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "base/time.h"
#include "base/utf8.h"
#include "expression/operations.h"
#include "expression/rows.h"

namespace skewless::operations {
namespace {

using std::string_view;

string_view Trimmed(string_view text) {
  constexpr string_view kSpaces = " \t\n\r";
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

bool EqualsIgnoringCase(string_view text, string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

bool StartsNumber(string_view text) {
  return !text.empty() && ((text[0] >= '0' && text[0] <= '9') || text[0] == '.');
}

template <typename T>
bool ParseWhole(string_view text, T* out) {
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return status == std::errc() && end == text.data() + text.size();
}

bool ParseInt(string_view text, int64_t* out) {
  text = Trimmed(text);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (!StartsNumber(text)) return false;
  }
  return ParseWhole(text, out);
}

// T is what the text is rounded to, once.
template <typename T>
bool ParseFloat(string_view text, double* out) {
  text = Trimmed(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  T magnitude = 0;
  if (EqualsIgnoringCase(text, "nan")) {
    *out = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  if (EqualsIgnoringCase(text, "inf") || EqualsIgnoringCase(text, "infinity")) {
    magnitude = std::numeric_limits<T>::infinity();
  } else if (!StartsNumber(text) || !ParseWhole(text, &magnitude)) {
    return false;
  }
  *out = static_cast<double>(negative ? -magnitude : magnitude);
  return true;
}

bool ParseBool(string_view text, int64_t* out) {
  text = Trimmed(text);
  for (const string_view word : {"true", "t", "1"}) {
    if (EqualsIgnoringCase(text, word)) return *out = 1, true;
  }
  for (const string_view word : {"false", "f", "0"}) {
    if (EqualsIgnoringCase(text, word)) return *out = 0, true;
  }
  return false;
}

// Turns away what is far from a time before ParseTimestamp writes an error message about it.
bool ParseTime(string_view text, int64_t* out) {
  text = Trimmed(text);
  constexpr string_view kShape = "0000-00-00";
  if (text.size() < kShape.size() || text.size() > 64) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != '-') return false;
  }
  const Result<Timestamp> time = ParseTimestamp(text);
  if (time) *out = *time;
  return time.has_value();
}

template <typename T, bool (*kParse)(string_view, T*)>
void FromText(const Frame& frame, const Instruction& instruction) {
  ForRows<T, string_view>(frame, instruction, [](string_view text, T* out) {
    return kParse(text, out) ? Outcome::kValue : Outcome::kDomain;
  });
}

bool ParseInt32(string_view text, int64_t* out) {
  return ParseInt(text, out) && *out >= std::numeric_limits<int32_t>::min() &&
         *out <= std::numeric_limits<int32_t>::max();
}

// Rounds to the nearest whole number, ties to even.
template <typename Int>
void DoubleToInt(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, double>(frame, instruction, [](double value, int64_t* out) {
    constexpr double kLimit = sizeof(Int) == 8 ? 0x1p63 : 0x1p31;
    const double whole = std::nearbyint(value);
    if (!(whole >= -kLimit && whole < kLimit)) return Outcome::kDomain;
    *out = static_cast<int64_t>(whole);
    return Outcome::kValue;
  });
}

void IntToInt32(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, int64_t>(frame, instruction, [](int64_t value, int64_t* out) {
    *out = value;
    return value == static_cast<int32_t>(value) ? Outcome::kValue : Outcome::kDomain;
  });
}

void IntToFloat32(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, int64_t>(frame, instruction, [](int64_t value) {
    return static_cast<double>(static_cast<float>(value));
  });
}

void DoubleToFloat32(const Frame& frame, const Instruction& instruction) {
  ForRows<double, double>(frame, instruction, [](double value, double* out) {
    *out = static_cast<double>(static_cast<float>(value));
    return std::isinf(*out) && !std::isinf(value) ? Outcome::kDomain : Outcome::kValue;
  });
}

void IntToBool(const Frame& frame, const Instruction& instruction) {
  MapUnary<int64_t, int64_t>(frame, instruction, [](int64_t value) { return int64_t{value != 0}; });
}
void DoubleToBool(const Frame& frame, const Instruction& instruction) {
  MapUnary<int64_t, double>(frame, instruction, [](double value) { return int64_t{value != 0}; });
}

string_view Stored(const Frame& frame, const char* text, const char* end) {
  return frame.strings->Add(string_view(text, static_cast<size_t>(end - text)));
}

void BoolToText(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, int64_t>(frame, instruction, [](int64_t value, string_view* out) {
    *out = value != 0 ? "true" : "false";
    return Outcome::kValue;
  });
}

void IntToText(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, int64_t>(frame, instruction, [&](int64_t value, string_view* out) {
    std::array<char, 24> text;
    const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
    *out = Stored(frame, text.data(), result.ptr);
    return Outcome::kValue;
  });
}

// The shortest text that reads back as the same float.
template <typename T>
void FloatToText(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, double>(frame, instruction, [&](double value, string_view* out) {
    std::array<char, 32> text;
    if (std::isnan(value)) {
      *out = "nan";
    } else {
      const auto result =
          std::to_chars(text.data(), text.data() + text.size(), static_cast<T>(value));
      *out = Stored(frame, text.data(), result.ptr);
    }
    return Outcome::kValue;
  });
}

char* PutDigits(char* to, int64_t value, int digits) {
  for (int i = digits; i-- > 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + digits;
}

// As FormatTimestamp, into `text`.
char* PutTimestamp(Timestamp time, char* text) {
  const int64_t day = FloorDiv(time, kDayUs);
  const CivilDate date = CivilFromDays(day);
  if (date.year < 1 || date.year > 9999) return std::to_chars(text, text + 24, time).ptr;
  const int64_t within = time - day * kDayUs;
  text = PutDigits(text, date.year, 4);
  *text++ = '-';
  text = PutDigits(text, date.month, 2);
  *text++ = '-';
  text = PutDigits(text, date.day, 2);
  *text++ = 'T';
  text = PutDigits(text, within / kHourUs, 2);
  *text++ = ':';
  text = PutDigits(text, within % kHourUs / kMinuteUs, 2);
  *text++ = ':';
  text = PutDigits(text, within % kMinuteUs / kSecondUs, 2);
  const int64_t micros = within % kSecondUs;
  if (micros != 0) {
    *text++ = '.';
    text = micros % 1000 == 0 ? PutDigits(text, micros / 1000, 3) : PutDigits(text, micros, 6);
  }
  *text++ = 'Z';
  return text;
}

void TimestampToText(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, int64_t>(frame, instruction, [&](int64_t time, string_view* out) {
    std::array<char, 40> text;
    *out = Stored(frame, text.data(), PutTimestamp(time, text.data()));
    return Outcome::kValue;
  });
}

void BytesToText(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view>(frame, instruction, [](string_view bytes, string_view* out) {
    *out = bytes;
    return IsUtf8(bytes) ? Outcome::kValue : Outcome::kDomain;
  });
}

struct CastEntry {
  TypeKind from;
  TypeKind to;
  Operation operation;  // null: the same values
  bool can_fail;
};
using enum TypeKind;
constexpr std::array<CastEntry, 34> kCasts = {{
    {kBool, kInt32, nullptr, false},
    {kBool, kInt64, nullptr, false},
    {kBool, kFloat32, IntToDouble, false},
    {kBool, kFloat64, IntToDouble, false},
    {kBool, kString, BoolToText, false},
    {kInt32, kBool, IntToBool, false},
    {kInt32, kInt64, nullptr, false},
    {kInt32, kFloat32, IntToFloat32, false},
    {kInt32, kFloat64, IntToDouble, false},
    {kInt32, kString, IntToText, false},
    {kInt64, kBool, IntToBool, false},
    {kInt64, kInt32, IntToInt32, true},
    {kInt64, kFloat32, IntToFloat32, false},
    {kInt64, kFloat64, IntToDouble, false},
    {kInt64, kString, IntToText, false},
    {kFloat32, kBool, DoubleToBool, false},
    {kFloat32, kInt32, DoubleToInt<int32_t>, true},
    {kFloat32, kInt64, DoubleToInt<int64_t>, true},
    {kFloat32, kFloat64, nullptr, false},
    {kFloat32, kString, FloatToText<float>, false},
    {kFloat64, kBool, DoubleToBool, false},
    {kFloat64, kInt32, DoubleToInt<int32_t>, true},
    {kFloat64, kInt64, DoubleToInt<int64_t>, true},
    {kFloat64, kFloat32, DoubleToFloat32, true},
    {kFloat64, kString, FloatToText<double>, false},
    {kString, kBool, FromText<int64_t, ParseBool>, true},
    {kString, kInt32, FromText<int64_t, ParseInt32>, true},
    {kString, kInt64, FromText<int64_t, ParseInt>, true},
    {kString, kFloat32, FromText<double, ParseFloat<float>>, true},
    {kString, kFloat64, FromText<double, ParseFloat<double>>, true},
    {kString, kBytes, nullptr, false},
    {kString, kTimestamp, FromText<int64_t, ParseTime>, true},
    {kBytes, kString, BytesToText, true},
    {kTimestamp, kString, TimestampToText, false},
}};

}  // namespace

void IntToDouble(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, int64_t>(frame, instruction,
                            [](int64_t value) { return static_cast<double>(value); });
}

bool FindCast(Type from, Type to, Operation* operation, bool* can_fail) {
  *operation = nullptr;
  *can_fail = false;
  if (from == to) return true;
  if (from.is_list || to.is_list) return false;
  for (const CastEntry& entry : kCasts) {
    if (entry.from != from.kind || entry.to != to.kind) continue;
    *operation = entry.operation;
    *can_fail = entry.can_fail;
    return true;
  }
  return false;
}

}  // namespace skewless::operations
