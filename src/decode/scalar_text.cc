#include "decode/scalar_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace skewless {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Numbers that cannot overflow, which is nearly all of them. False for the others and for what is
// no number.
bool DecodeShortInt(std::string_view text, int64_t* value) {
  constexpr size_t kSafeDigits = 18;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > kSafeDigits) return false;
  int64_t number = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    number = 10 * number + (c - '0');
  }
  *value = negative ? -number : number;
  return true;
}

}  // namespace

Parsed DecodeInt64(std::string_view text, int64_t* value) {
  if (DecodeShortInt(text, value)) [[likely]]
    return Parsed::kOk;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, *value);
  if (at != end || text.empty()) return Parsed::kMalformed;
  if (error == std::errc::result_out_of_range) return Parsed::kOutOfRange;
  return error == std::errc{} ? Parsed::kOk : Parsed::kMalformed;
}

Parsed CheckInt32(int64_t value) {
  return value == static_cast<int32_t>(value) ? Parsed::kOk : Parsed::kOutOfRange;
}

Parsed DecodeInt32(std::string_view text, int64_t* value) {
  const Parsed parsed = DecodeInt64(text, value);
  return parsed == Parsed::kOk ? CheckInt32(*value) : parsed;
}

Parsed DecodeDouble(std::string_view text, double* value) {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, *value);
  if (at != end || text.empty()) return Parsed::kMalformed;
  if (error == std::errc{}) return Parsed::kOk;
  if (error != std::errc::result_out_of_range) return Parsed::kMalformed;
  // from_chars does not tell too large from too small.
  *value = std::strtod(std::string(text).c_str(), nullptr);
  return std::isinf(*value) ? Parsed::kOutOfRange : Parsed::kOk;
}

Parsed RoundToFloat(double* value) {
  const double rounded = static_cast<double>(static_cast<float>(*value));
  if (std::isinf(rounded) && !std::isinf(*value)) return Parsed::kOutOfRange;
  *value = rounded;
  return Parsed::kOk;
}

static bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

Parsed DecodeBool(std::string_view text, int64_t* value) {
  if (text == "1" || EqualsIgnoringCase(text, "true")) {
    *value = 1;
    return Parsed::kOk;
  }
  if (text == "0" || EqualsIgnoringCase(text, "false")) {
    *value = 0;
    return Parsed::kOk;
  }
  return Parsed::kMalformed;
}

Parsed ScaleTimestamp(int64_t count, TimestampUnit unit, Timestamp* value) {
  int64_t factor = 1;
  switch (unit) {
    case TimestampUnit::kSeconds:
      factor = 1'000'000;
      break;
    case TimestampUnit::kMillis:
      factor = 1'000;
      break;
    case TimestampUnit::kMicros:
      break;
    case TimestampUnit::kNanos:
      *value = FloorDiv(count, 1'000);
      return Parsed::kOk;
    case TimestampUnit::kText:
      return Parsed::kMalformed;
  }
  return __builtin_mul_overflow(count, factor, value) ? Parsed::kOutOfRange : Parsed::kOk;
}

// The power of ten that takes counts of a unit to microseconds.
static int MicrosExponent(TimestampUnit unit) {
  switch (unit) {
    case TimestampUnit::kSeconds:
      return 6;
    case TimestampUnit::kMillis:
      return 3;
    case TimestampUnit::kNanos:
      return -3;
    case TimestampUnit::kMicros:
    case TimestampUnit::kText:
      break;
  }
  return 0;
}

namespace {

// A decimal number taken apart: digits without leading zeros, times ten to the exponent.
struct Decimal {
  bool negative = false;
  std::string digits;
  int64_t exponent = 0;
};

bool TakeApart(std::string_view text, Decimal* out) {
  size_t at = 0;
  bool any = false;
  if (at < text.size() && text[at] == '-') {
    out->negative = true;
    ++at;
  }
  const auto take_digits = [&](int64_t exponent_step) {
    for (; at < text.size() && IsDigit(text[at]); ++at) {
      any = true;
      if (text[at] != '0' || !out->digits.empty()) out->digits += text[at];
      out->exponent += exponent_step;
    }
  };
  take_digits(0);
  if (at < text.size() && text[at] == '.') {
    ++at;
    take_digits(-1);
  }
  if (!any) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    // from_chars takes a minus, but no plus.
    const bool plus = at + 1 < text.size() && text[at] == '+' && IsDigit(text[at + 1]);
    if (plus) ++at;
    int64_t exponent = 0;
    const auto [end, error] =
        std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    if (error != std::errc{} || std::abs(exponent) > 1'000'000) return false;
    at = static_cast<size_t>(end - text.data());
    out->exponent += exponent;
  }
  return at == text.size();
}

}  // namespace

Parsed DecodeTimestampNumber(std::string_view text, TimestampUnit unit, Timestamp* value) {
  int64_t count = 0;
  if (DecodeInt64(text, &count) == Parsed::kOk) return ScaleTimestamp(count, unit, value);
  Decimal decimal;
  if (!TakeApart(text, &decimal)) return Parsed::kMalformed;
  const int64_t exponent = decimal.exponent + MicrosExponent(unit);
  // Digits before the decimal point of the number of microseconds; the rest only matters for floor.
  const int64_t whole = static_cast<int64_t>(decimal.digits.size()) + exponent;
  if (decimal.digits.empty()) {
    *value = 0;
    return Parsed::kOk;
  }
  if (whole > 19) return Parsed::kOutOfRange;
  __int128 micros = 0;
  bool rest = false;
  for (int64_t i = 0; i < static_cast<int64_t>(decimal.digits.size()); ++i) {
    const char digit = decimal.digits[static_cast<size_t>(i)];
    if (i < whole) {
      micros = micros * 10 + (digit - '0');
    } else {
      rest = rest || digit != '0';
    }
  }
  for (int64_t i = static_cast<int64_t>(decimal.digits.size()); i < whole; ++i) micros *= 10;
  if (decimal.negative) micros = -micros - (rest ? 1 : 0);
  if (micros < kMinTimestamp || micros > kMaxTimestamp) return Parsed::kOutOfRange;
  *value = static_cast<Timestamp>(micros);
  return Parsed::kOk;
}

namespace {

// Two digits as a number, or something over 99 where one isn't a digit.
unsigned TwoDigits(const char* at) {
  const unsigned high = static_cast<unsigned char>(at[0]) - unsigned{'0'};
  const unsigned low = static_cast<unsigned char>(at[1]) - unsigned{'0'};
  return high > 9 || low > 9 ? 1000 : 10 * high + low;
}

constexpr unsigned kMonthDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

// "2013-01-01T10:00:00" with an optional fraction and Z. False for anything else, also for what
// ParseTimestamp accepts: it has the last word.
bool ParseUsualForm(std::string_view text, Timestamp* value) {
  if (text.size() < 20 || text.back() != 'Z') return false;
  const char* const at = text.data();
  if (at[4] != '-' || at[7] != '-' || (at[10] != 'T' && at[10] != ' ') || at[13] != ':' ||
      at[16] != ':') {
    return false;
  }
  const unsigned century = TwoDigits(at), year_of_century = TwoDigits(at + 2);
  const unsigned month = TwoDigits(at + 5), day = TwoDigits(at + 8);
  const unsigned hour = TwoDigits(at + 11), minute = TwoDigits(at + 14),
                 second = TwoDigits(at + 17);
  // Leap days, leap seconds and errors are left to ParseTimestamp.
  if (century > 99 || year_of_century > 99 || century + year_of_century == 0) return false;
  if (month < 1 || month > 12 || day < 1 || day > kMonthDays[month - 1]) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  int64_t fraction = 0;
  if (text.size() > 20) {
    if (at[19] != '.' || text.size() == 21) return false;
    int64_t unit = 100'000;
    for (size_t i = 20; i + 1 < text.size(); ++i) {
      if (!IsDigit(at[i])) return false;
      fraction += (at[i] - '0') * unit;
      unit /= 10;
    }
  }
  const int64_t days = DaysFromCivil({100 * century + year_of_century, month, day});
  *value = days * kDayUs + hour * kHourUs + minute * kMinuteUs + second * kSecondUs + fraction;
  return true;
}

}  // namespace

Parsed DecodeTimestampText(std::string_view text, Timestamp* value) {
  if (ParseUsualForm(text, value)) return Parsed::kOk;
  const Result<Timestamp> parsed = ParseTimestamp(text);
  if (!parsed) return Parsed::kMalformed;
  *value = *parsed;
  return Parsed::kOk;
}

std::string ExpectedTypeName(const ColumnSpec& spec) {
  if (spec.type.kind != TypeKind::kTimestamp) return TypeName(spec.type);
  const char* const list = spec.type.is_list ? "[]" : "";
  switch (spec.unit) {
    case TimestampUnit::kSeconds:
      return std::string("timestamp[s]") + list;
    case TimestampUnit::kMillis:
      return std::string("timestamp[ms]") + list;
    case TimestampUnit::kMicros:
      return std::string("timestamp[us]") + list;
    case TimestampUnit::kNanos:
      return std::string("timestamp[ns]") + list;
    case TimestampUnit::kText:
      break;
  }
  return TypeName(spec.type) + " (RFC 3339)";
}

static std::string Shortened(std::string_view found) {
  constexpr size_t kShown = 80;
  if (found.size() <= kShown) return std::string(found);
  size_t end = kShown;
  while (end > kShown - 3 && (static_cast<unsigned char>(found[end]) & 0xc0) == 0x80) --end;
  return std::string(found.substr(0, end)) + "...";
}

// Within the quotes that it may come with.
static bool IsDigits(std::string_view found) {
  for (const char quote : {'\'', '"'}) {
    if (found.size() > 2 && found.front() == quote && found.back() == quote)
      found = found.substr(1, found.size() - 2);
  }
  return !found.empty() && found.find_first_not_of("0123456789.-") == std::string_view::npos &&
         found.find_first_of("0123456789") != std::string_view::npos &&
         std::count(found.begin(), found.end(), '-') <= 1;
}

std::string ValueReason(const ColumnSpec& spec, std::string_view found, Parsed problem) {
  const std::string column = "column '" + spec.name + "': ";
  if (problem == Parsed::kNotUtf8) return column + "not valid UTF-8";
  if (problem == Parsed::kOutOfRange) {
    return column + Shortened(found) + " is out of range for " + ExpectedTypeName(spec);
  }
  std::string reason =
      column + "expected " + ExpectedTypeName(spec) + ", found " + Shortened(found);
  if (spec.type.kind == TypeKind::kTimestamp && spec.unit == TimestampUnit::kText &&
      IsDigits(found))
    reason += "; for numbers declare their unit: timestamp[s], [ms], [us] or [ns]";
  return reason;
}

std::string RecordReason(std::string_view field, std::string_view expected,
                         std::string_view found) {
  return "field '" + std::string(field) + "': expected " + std::string(expected) + ", found " +
         Shortened(found);
}

}  // namespace skewless
