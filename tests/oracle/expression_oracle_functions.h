// Functions and casts of the expression oracle: of values, not of trees. A result tells what
// failed, where something did; the value is null then.
#pragma once

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/time.h"
#include "expression_oracle_text.h"
#include "expression_oracle_time.h"
#include "model/list.h"
#include "model/value.h"

namespace skewless::oracle {

inline constexpr Type kBool{TypeKind::kBool, false};
inline constexpr Type kInt{TypeKind::kInt64, false};
inline constexpr Type kFloat{TypeKind::kFloat64, false};
inline constexpr Type kText{TypeKind::kString, false};
inline constexpr Type kTime{TypeKind::kTimestamp, false};

struct Outcome {
  Value value;
  bool overflow = false;
  bool division = false;
  bool domain = false;
};

inline Value Bool(bool value) { return Value::Int(value ? 1 : 0, kBool); }
inline Outcome Overflow(Type type) { return {Value::Null(type), true}; }
inline Outcome Division(Type type) { return {Value::Null(type), false, true}; }
inline Outcome Domain(Type type) { return {Value::Null(type), false, false, true}; }

inline Outcome Whole(Wide value, Type type = kInt) {
  const bool fits =
      value >= std::numeric_limits<int64_t>::min() && value <= std::numeric_limits<int64_t>::max();
  if (!fits) return Overflow(type);
  return {Value::Int(static_cast<int64_t>(value), type)};
}

// Not a number although no argument is one: outside of the domain.
inline Outcome Real(double value, double a, double b = 0) {
  if (std::isnan(value) && !std::isnan(a) && !std::isnan(b)) return Domain(kFloat);
  return {Value::Double(value)};
}

inline Outcome LongText(std::string text, Type type = kText) {
  if (text.size() > 1048576) return Domain(type);
  return {Value::String(std::move(text), type)};
}

inline int OrderOf(const Value& a, const Value& b) {
  switch (PhysicalOf(a.type)) {
    case Physical::kInt:
      return a.int_value < b.int_value ? -1 : (a.int_value > b.int_value ? 1 : 0);
    case Physical::kDouble: {
      const bool a_nan = std::isnan(a.double_value);
      const bool b_nan = std::isnan(b.double_value);
      if (a_nan || b_nan) return a_nan && b_nan ? 0 : (a_nan ? 1 : -1);
      return a.double_value < b.double_value ? -1 : (a.double_value > b.double_value ? 1 : 0);
    }
    case Physical::kBytes: {
      const int order = a.bytes.compare(b.bytes);
      return order < 0 ? -1 : (order > 0 ? 1 : 0);
    }
  }
  return 0;
}

inline std::vector<Value> ElementsOf(const Value& list) {
  std::vector<ValueView> views;
  std::vector<Value> elements;
  SKEWLESS_CHECK(DecodeList(list.type.kind, list.bytes, &views));
  for (const ValueView& view : views) {
    elements.push_back(view.valid ? Value::Of(view) : Value::Null({list.type.kind, false}));
  }
  return elements;
}

inline Outcome Negate(const Value& value) {
  const bool is_float = PhysicalOf(value.type) == Physical::kDouble;
  if (!value.valid) return {Value::Null(is_float ? kFloat : kInt)};
  if (is_float) return {Value::Double(-value.double_value)};
  return Whole(-Wide{value.int_value});
}

inline Outcome IntArithmetic(const std::string& name, int64_t a, int64_t b) {
  if (name == "+") return Whole(Wide{a} + b);
  if (name == "-") return Whole(Wide{a} - b);
  if (name == "*") return Whole(Wide{a} * b);
  if (b == 0) return Division(kInt);
  return Whole(name == "//" ? Wide{a} / b : Wide{a} % b);
}

inline Outcome FloatArithmetic(const std::string& name, double a, double b) {
  if (name == "+") return {Value::Double(a + b)};
  if (name == "-") return {Value::Double(a - b)};
  if (name == "*") return {Value::Double(a * b)};
  if (b == 0) return Division(kFloat);
  if (name == "/") return {Value::Double(a / b)};
  if (name == "//") return {Value::Double(std::trunc(a / b))};
  return Real(std::fmod(a, b), a, b);
}

inline Outcome LikeText(const std::string& text, const std::string& pattern) {
  if (EndsInsideEscape(pattern)) return Domain(kBool);
  return {Bool(MatchesPattern(text, pattern))};
}

inline std::string Stripped(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

inline std::string LowerAsciiText(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

// sign? digits, or for floats: sign? (digits [. digits*] | . digits) [e sign? digits]
inline bool LooksLikeNumber(const std::string& text, bool is_float) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t first = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i > first;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  bool any = digits();
  if (is_float && i < text.size() && text[i] == '.') {
    ++i;
    any |= digits();
  }
  if (!any) return false;
  if (is_float && i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

inline Outcome TextToWhole(const std::string& text, Type type) {
  if (!LooksLikeNumber(text, false)) return Domain(type);
  const bool negative = text[0] == '-';
  Wide value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') continue;
    value = value * 10 + (c - '0');
    if (value > (Wide{1} << 64)) return Domain(type);
  }
  const Outcome outcome = Whole(negative ? -value : value, type);
  if (!outcome.value.valid) return Domain(type);
  const bool fits = type.kind != TypeKind::kInt32 ||
                    outcome.value.int_value == static_cast<int32_t>(outcome.value.int_value);
  return fits ? outcome : Domain(type);
}

inline Outcome TextToFloat(const std::string& text, Type type) {
  const bool is_signed = !text.empty() && (text[0] == '-' || text[0] == '+');
  const std::string word = LowerAsciiText(text.substr(is_signed ? 1 : 0));
  const double sign = is_signed && text[0] == '-' ? -1 : 1;
  if (word == "nan") return {Value::Double(std::nan(""), type)};
  if (word == "inf" || word == "infinity") {
    return {Value::Double(sign * std::numeric_limits<double>::infinity(), type)};
  }
  if (!LooksLikeNumber(text, true)) return Domain(type);
  errno = 0;
  const double value = type.kind == TypeKind::kFloat32
                           ? static_cast<double>(std::strtof(text.c_str(), nullptr))
                           : std::strtod(text.c_str(), nullptr);
  const bool has_digit = text.find_first_of("123456789") < text.find_first_of("eE");
  if (std::isinf(value) || (value == 0 && has_digit)) return Domain(type);  // out of its range
  return {Value::Double(value, type)};
}

inline Outcome FloatToWhole(double value, Type type) {
  const double limit = type.kind == TypeKind::kInt32 ? 2147483648.0 : 9223372036854775808.0;
  if (std::isnan(value)) return Domain(type);
  double whole = std::floor(value);
  const double above = value - whole;
  if (above > 0.5 || (above == 0.5 && std::fmod(whole, 2) != 0)) whole += 1;
  if (whole < -limit || whole >= limit) return Domain(type);
  return {Value::Int(static_cast<int64_t>(whole), type)};
}

// The fewest digits that read back as the same number, then its shorter spelling.
inline std::string ShortestText(double value, bool is_float32) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char text[64];
  for (int digits = 0;; ++digits) {
    std::snprintf(text, sizeof text, "%.*e", digits, value);
    const bool same = is_float32 ? std::strtof(text, nullptr) == static_cast<float>(value)
                                 : std::strtod(text, nullptr) == value;
    if (!same) continue;
    // As scientific or as plain digits, whichever is shorter; plain on a tie.
    const std::string scientific = text;
    const int exponent = std::atoi(scientific.substr(scientific.find('e') + 1).c_str());
    char plain[512];
    std::snprintf(plain, sizeof plain, "%.*f", std::max(0, digits - exponent), value);
    return std::strlen(plain) <= scientific.size() ? plain : scientific;
  }
}

inline std::string TextOf(const Value& value) {
  switch (value.type.kind) {
    case TypeKind::kBool:
      return value.int_value != 0 ? "true" : "false";
    case TypeKind::kFloat32:
      return ShortestText(value.double_value, true);
    case TypeKind::kFloat64:
      return ShortestText(value.double_value, false);
    case TypeKind::kTimestamp:
      return FormatTimestamp(value.int_value);
    case TypeKind::kInt32:
    case TypeKind::kInt64:
      return std::to_string(value.int_value);
    default:
      return value.bytes;
  }
}

inline Outcome TextTo(const std::string& original, Type type) {
  const std::string text = Stripped(original);
  const std::string lower = LowerAsciiText(text);
  switch (type.kind) {
    case TypeKind::kBool:
      if (lower == "true" || lower == "t" || lower == "1") return {Bool(true)};
      if (lower == "false" || lower == "f" || lower == "0") return {Bool(false)};
      return Domain(type);
    case TypeKind::kInt32:
    case TypeKind::kInt64:
      return TextToWhole(text, type);
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return TextToFloat(text, type);
    case TypeKind::kTimestamp: {
      const Result<Timestamp> time = ParseTimestamp(text);
      return time ? Outcome{Value::Int(*time, type)} : Domain(type);
    }
    default:
      return {Value::String(original, type)};
  }
}

// Valid UTF-8 is what its code points, written again, give back.
inline bool IsTextOfCodePoints(const std::string& bytes) {
  std::string again;
  for (size_t at = 0; at < bytes.size();) {
    const auto byte = [&](size_t i) {
      return at + i < bytes.size() ? static_cast<uint32_t>(static_cast<uint8_t>(bytes[at + i])) : 0;
    };
    const uint32_t lead = byte(0);
    const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const uint32_t mask = length == 1 ? 0x7f : 0x7fu >> length;
    uint32_t point = lead & mask;
    for (size_t i = 1; i < length; ++i) point = point << 6 | (byte(i) & 0x3f);
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    const int rest = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    constexpr uint32_t kLead[] = {0, 0xc0, 0xe0, 0xf0};
    again.push_back(static_cast<char>(kLead[rest] | point >> (6 * rest)));
    for (int i = rest; i-- > 0;) again.push_back(static_cast<char>(0x80 | (point >> 6 * i & 0x3f)));
    at += length;
  }
  return again == bytes;
}

inline Outcome Cast(const Value& value, Type to) {
  if (!value.valid) return {Value::Null(to)};
  if (value.type == to) return {value};
  if (value.type.kind == TypeKind::kBytes && !IsTextOfCodePoints(value.bytes)) return Domain(to);
  if (to.kind == TypeKind::kString) return {Value::String(TextOf(value), to)};
  if (PhysicalOf(value.type) == Physical::kBytes) return TextTo(value.bytes, to);
  const bool from_float = PhysicalOf(value.type) == Physical::kDouble;
  switch (to.kind) {
    case TypeKind::kBool: {
      return {Bool(from_float ? value.double_value != 0 : value.int_value != 0)};
    }
    case TypeKind::kInt32:
    case TypeKind::kInt64: {
      if (from_float) return FloatToWhole(value.double_value, to);
      const bool fits = to.kind == TypeKind::kInt64 ||
                        (value.int_value >= -2147483648LL && value.int_value <= 2147483647LL);
      return fits ? Outcome{Value::Int(value.int_value, to)} : Domain(to);
    }
    case TypeKind::kFloat32: {
      const float rounded =
          from_float ? static_cast<float>(value.double_value) : static_cast<float>(value.int_value);
      const bool lost = std::isinf(rounded) && from_float && !std::isinf(value.double_value);
      return lost ? Domain(to) : Outcome{Value::Double(static_cast<double>(rounded), to)};
    }
    default:
      return {Value::Double(from_float ? value.double_value : static_cast<double>(value.int_value),
                            to)};
  }
}

inline bool IsTimeFunction(const std::string& name) {
  for (const char* other :
       {"date_part", "date_trunc", "year", "quarter", "month", "week", "day", "hour", "minute",
        "second", "dayofweek", "dayofyear", "epoch", "epoch_ms", "epoch_us"}) {
    if (name == other) return true;
  }
  return false;
}

// Functions of the name whose arguments have been evaluated. In expression_oracle_calls.h.
Outcome CallFunction(const std::string& name, const std::vector<Value>& arguments);

}  // namespace skewless::oracle

#include "expression_oracle_calls.h"
