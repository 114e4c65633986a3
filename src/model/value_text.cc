#include "model/value_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/base64.h"
#include "base/json_text.h"
#include "base/number_text.h"
#include "model/json_array.h"
#include "model/list.h"

namespace skewless {
namespace {

tl::unexpected<Error> FailValue(std::string_view expected, std::string_view found) {
  std::string message = "expected ";
  message += expected;
  message += ", found ";
  constexpr size_t kShown = 64;
  AppendJsonString(message, found.substr(0, kShown));
  if (found.size() > kShown) message += "...";
  return Fail(ErrorCode::kInvalid, std::move(message));
}

bool EqualIgnoringCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

Result<Value> ParseBool(std::string_view text, Type type) {
  if (text == "1" || EqualIgnoringCase(text, "true")) return Value::Int(1, type);
  if (text == "0" || EqualIgnoringCase(text, "false")) return Value::Int(0, type);
  return FailValue("true or false", text);
}

Result<Value> ParseInteger(std::string_view text, Type type) {
  const auto number = ParseInt64(text);
  if (!number) return FailValue(TypeName(type), text);
  using Int32 = std::numeric_limits<int32_t>;
  if (type.kind == TypeKind::kInt32 && (*number < Int32::min() || *number > Int32::max())) {
    return FailValue("int32 (from -2147483648 to 2147483647)", text);
  }
  return Value::Int(*number, type);
}

Result<Value> ParseFloat(std::string_view text, Type type) {
  const auto number = ParseDouble(text);
  if (!number) return FailValue(TypeName(type), text);
  if (type.kind == TypeKind::kFloat64) return Value::Double(*number, type);
  // By way of the double, as every other format's reader does, so that all agree on the bits.
  const auto rounded = static_cast<float>(*number);
  if (std::isinf(rounded) && std::isfinite(*number)) {
    return FailValue("float32 (up to 3.4e38)", text);
  }
  return Value::Double(rounded, type);
}

Result<Value> ParseTimestampValue(std::string_view text, Type type, TimestampUnit unit) {
  auto time_us =
      unit == TimestampUnit::kText ? ParseTimestamp(text) : ParseTimestampNumber(text, unit);
  if (!time_us.has_value()) return tl::unexpected<Error>(std::move(time_us).error());
  return Value::Int(*time_us, type);
}

Result<Value> ParseList(std::string_view text, Type type, TimestampUnit unit) {
  const auto elements = SplitJsonArray(text);
  if (!elements) return FailValue("a JSON array for " + TypeName(type), text);
  ListBuilder list(type.kind);
  for (const JsonElement& element : *elements) {
    if (element.is_null) {
      list.Add(Value::Null({type.kind, false}).view());
      continue;
    }
    SKEWLESS_ASSIGN_OR_RETURN(const Value value,
                              ParseValue(element.text, {type.kind, false}, unit));
    list.Add(value.view());
  }
  return Value::String(std::string(list.Finish()), type);
}

// Microseconds of one unit; nanoseconds apart, these are whole.
int64_t MicrosOf(TimestampUnit unit) {
  switch (unit) {
    case TimestampUnit::kSeconds:
      return kSecondUs;
    case TimestampUnit::kMillis:
      return 1000;
    default:
      return 1;
  }
}

void AppendNonFinite(std::string& out, double number) {
  out += std::isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity";
}

bool IsNonFinite(const ValueView& value) {
  const bool is_float =
      value.type.kind == TypeKind::kFloat32 || value.type.kind == TypeKind::kFloat64;
  return value.valid && is_float && !std::isfinite(value.double_value);
}

void AppendElements(std::string& out, const ValueView& value, bool names_non_finite) {
  std::vector<ValueView> elements;
  if (!DecodeList(value.type.kind, value.bytes, &elements)) {
    out += "null";
    return;
  }
  out.push_back('[');
  for (size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out.push_back(',');
    if (names_non_finite && IsNonFinite(elements[i])) {
      AppendNonFinite(out, elements[i].double_value);
    } else {
      AppendJsonValue(out, elements[i]);
    }
  }
  out.push_back(']');
}

}  // namespace

Result<Value> ParseValue(std::string_view text, Type type, TimestampUnit unit) {
  if (type.is_list) return ParseList(text, type, unit);
  switch (type.kind) {
    case TypeKind::kBool:
      return ParseBool(text, type);
    case TypeKind::kInt32:
    case TypeKind::kInt64:
      return ParseInteger(text, type);
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return ParseFloat(text, type);
    case TypeKind::kString:
      return Value::String(std::string(text), type);
    case TypeKind::kBytes: {
      auto bytes = ParseBase64(text);
      if (!bytes) return FailValue("bytes in base64", text);
      return Value::String(std::move(*bytes), type);
    }
    case TypeKind::kTimestamp:
      return ParseTimestampValue(text, type, unit);
  }
  return Fail(ErrorCode::kInternal, "a type that is none");
}

Result<Timestamp> TimestampFromNumber(int64_t number, TimestampUnit unit) {
  if (unit == TimestampUnit::kNanos) return FloorDiv(number, 1000);
  Timestamp time_us = 0;
  if (__builtin_mul_overflow(number, MicrosOf(unit), &time_us)) {
    return FailValue("a timestamp within 292,000 years of 1970", std::to_string(number));
  }
  return time_us;
}

Result<Timestamp> ParseTimestampNumber(std::string_view text, TimestampUnit unit) {
  const size_t point = text.find('.');
  const auto whole = ParseInt64(text.substr(0, point));
  if (!whole) return FailValue("a timestamp as a number", text);
  SKEWLESS_ASSIGN_OR_RETURN(const Timestamp time_us, TimestampFromNumber(*whole, unit));
  if (point == std::string_view::npos) return time_us;
  const std::string_view fraction = text.substr(point + 1);
  const bool all_digits =
      std::all_of(fraction.begin(), fraction.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (fraction.empty() || !all_digits) return FailValue("a timestamp as a number", text);
  // A fraction of a unit in microseconds, and whether anything smaller was left.
  int64_t digit_us = unit == TimestampUnit::kNanos ? 0 : MicrosOf(unit);
  int64_t fraction_us = 0;
  bool rest = false;
  for (const char c : fraction) {
    digit_us /= 10;
    fraction_us += digit_us * (c - '0');
    rest = rest || (digit_us == 0 && c != '0');
  }
  if (!text.starts_with('-')) return SaturatingAdd(time_us, fraction_us);
  // Of nanoseconds the floor has been taken already, and it is right unless it divided evenly.
  const bool below = unit == TimestampUnit::kNanos ? rest && *whole % 1000 == 0 : rest;
  return SaturatingSub(time_us, fraction_us + (below ? 1 : 0));
}

void AppendJsonValue(std::string& out, const ValueView& value) {
  if (!value.valid) {
    out += "null";
    return;
  }
  if (value.type.is_list) return AppendElements(out, value, /*names_non_finite=*/false);
  switch (value.type.kind) {
    case TypeKind::kBool:
      out += value.int_value != 0 ? "true" : "false";
      return;
    case TypeKind::kInt32:
    case TypeKind::kInt64:
      return AppendInt64(out, value.int_value);
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return AppendJsonDouble(out, value.double_value);
    case TypeKind::kString:
      return AppendJsonString(out, value.bytes);
    case TypeKind::kBytes:
      out.push_back('"');
      AppendBase64(out, AsBytes(value.bytes));
      out.push_back('"');
      return;
    case TypeKind::kTimestamp:
      out.push_back('"');
      out += FormatTimestamp(value.int_value);
      out.push_back('"');
      return;
  }
}

void AppendListText(std::string& out, const ValueView& list) {
  if (!list.valid) {
    out += "null";
    return;
  }
  AppendElements(out, list, /*names_non_finite=*/true);
}

}  // namespace skewless
