// The functions of the expression oracle by name.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "expression_oracle_functions.h"

namespace skewless::oracle {

inline double AsFloat(const Value& value) {
  return PhysicalOf(value.type) == Physical::kDouble ? value.double_value
                                                     : static_cast<double>(value.int_value);
}

inline Type ResultOf(const std::string& name, const std::vector<Value>& arguments) {
  for (const char* other : {"abs", "sign", "ceil", "floor", "round", "trunc"}) {
    if (name != other) continue;
    return PhysicalOf(arguments[0].type) == Physical::kDouble ? kFloat : kInt;
  }
  if (name == "mod") {
    for (const Value& value : arguments) {
      if (PhysicalOf(value.type) == Physical::kDouble) return kFloat;
    }
    return kInt;
  }
  for (const char* other : {"isnan", "isfinite", "isinf", "starts_with", "ends_with", "contains"}) {
    if (name == other) return kBool;
  }
  for (const char* other : {"lower", "upper", "trim", "ltrim", "rtrim", "substr", "replace", "left",
                            "right", "reverse", "lpad", "rpad", "split_part", "concat"}) {
    if (name == other) return kText;
  }
  if (name == "date_trunc" || name.starts_with("to_timestamp")) return kTime;
  if (name == "date_part") {
    return LowerAsciiText(arguments[0].bytes) == "epoch" ? kFloat : kInt;
  }
  if (name == "element_at") return {arguments[0].type.kind, false};
  for (const char* other : {"length", "strpos", "hash64", "epoch_ms", "epoch_us"}) {
    if (name == other) return kInt;
  }
  if (IsTimeFunction(name) && name != "epoch") return kInt;
  return kFloat;
}

inline Outcome RoundDecimals(double x, int64_t decimals) {
  if (std::isnan(x) || std::isinf(x) || decimals > 400) return {Value::Double(x)};
  const double zero = std::signbit(x) ? -0.0 : 0.0;
  if (decimals < -400) return {Value::Double(zero)};
  const double scale = std::pow(10.0, static_cast<double>(decimals < 0 ? -decimals : decimals));
  if (decimals < 0)
    return {Value::Double(std::isinf(scale) ? zero : std::round(x / scale) * scale)};
  return {Value::Double(std::isfinite(x * scale) ? std::round(x * scale) / scale : x)};
}

inline Outcome RoundWhole(int64_t x, int64_t decimals) {
  if (decimals >= 0) return Whole(x);
  if (decimals < -20) return Whole(0);
  Wide unit = 1;
  for (; decimals < 0; ++decimals) unit *= 10;
  const Wide magnitude = x < 0 ? -Wide{x} : Wide{x};
  const Wide down = magnitude - magnitude % unit;
  const Wide rounded = (magnitude - down) * 2 >= unit ? down + unit : down;
  return Whole(x < 0 ? -rounded : rounded);
}

inline Outcome CallNumbers(const std::string& name, const std::vector<Value>& arguments,
                           Type type) {
  const Value& first = arguments[0];
  const bool whole = type == kInt;
  const int64_t i = first.int_value;
  const double x = AsFloat(first);
  const double y = arguments.size() > 1 ? AsFloat(arguments[1]) : 0;
  if (name == "abs")
    return whole ? Whole(i < 0 ? -Wide{i} : Wide{i}) : Outcome{Value::Double(std::fabs(x))};
  if (name == "sign") {
    if (whole) return Whole(i == 0 ? 0 : (i < 0 ? -1 : 1));
    if (x == 0 || std::isnan(x)) return {Value::Double(x)};
    return {Value::Double(x < 0 ? -1.0 : 1.0)};
  }
  if (name == "round" && arguments.size() == 2) {
    return whole ? RoundWhole(i, arguments[1].int_value) : RoundDecimals(x, arguments[1].int_value);
  }
  if (name == "ceil" || name == "floor" || name == "round" || name == "trunc") {
    if (whole) return Whole(i);
    if (name == "ceil") return {Value::Double(std::ceil(x))};
    if (name == "floor") return {Value::Double(std::floor(x))};
    return {Value::Double(name == "round" ? std::round(x) : std::trunc(x))};
  }
  if (name == "mod")
    return whole ? IntArithmetic("%", i, arguments[1].int_value) : FloatArithmetic("%", x, y);
  if (name == "ln" || name == "log" || name == "log2") {
    if (x <= 0) return Domain(kFloat);
    return {
        Value::Double(name == "ln" ? std::log(x) : (name == "log" ? std::log10(x) : std::log2(x)))};
  }
  if (name == "power") {
    if (x == 0 && y < 0) return Domain(kFloat);
    return Real(std::pow(x, y), x, y);
  }
  if (name == "sqrt") return Real(std::sqrt(x), x);
  if (name == "exp") return Real(std::exp(x), x);
  if (name == "sin") return Real(std::sin(x), x);
  if (name == "cos") return Real(std::cos(x), x);
  if (name == "tan") return Real(std::tan(x), x);
  if (name == "asin") return Real(std::asin(x), x);
  if (name == "acos") return Real(std::acos(x), x);
  if (name == "atan") return Real(std::atan(x), x);
  if (name == "atan2") return Real(std::atan2(x, y), x, y);
  if (name == "radians") return Real(x * (3.14159265358979323846 / 180), x);
  if (name == "degrees") return Real(x * (180 / 3.14159265358979323846), x);
  if (name == "isnan") return {Bool(std::isnan(x))};
  if (name == "isinf") return {Bool(std::isinf(x))};
  if (name == "isfinite") return {Bool(std::isfinite(x))};
  return Domain(type);
}

inline std::string Slice(const Characters& characters, Wide from, Wide to) {
  Characters kept;
  for (Wide i = std::max<Wide>(from, 0); i < to && i < static_cast<Wide>(characters.size()); ++i) {
    kept.push_back(characters[static_cast<size_t>(i)]);
  }
  return Join(kept);
}

inline Outcome Pad(const std::string& name, const std::string& text, int64_t width,
                   const std::string& fill) {
  Characters characters = Split(text);
  const auto count = static_cast<int64_t>(characters.size());
  if (width <= count || fill.empty()) return {Value::String(Slice(characters, 0, width))};
  if (width - count > 20000000) return Domain(kText);
  const Characters filler = Split(fill);
  std::string padding;
  for (int64_t i = 0; i < width - count; ++i)
    padding += filler[static_cast<size_t>(i) % filler.size()];
  return LongText(name == "lpad" ? padding + text : text + padding);
}

inline std::vector<std::string> SplitBy(const std::string& text, const std::string& delimiter) {
  std::vector<std::string> parts{""};
  for (size_t i = 0; i < text.size();) {
    const bool here = !delimiter.empty() && text.compare(i, delimiter.size(), delimiter) == 0;
    if (here) parts.emplace_back();
    if (!here) parts.back() += text[i];
    i += here ? delimiter.size() : 1;
  }
  return parts;
}

inline Outcome CallTexts(const std::string& name, const std::vector<Value>& arguments) {
  const std::string& text = arguments[0].bytes;
  const Value none;
  const Value& second = arguments.size() > 1 ? arguments[1] : none;
  const Value& third = arguments.size() > 2 ? arguments[2] : none;
  const Characters characters = Split(text);
  const auto count = static_cast<Wide>(characters.size());
  const Wide n = second.int_value;
  if (name == "length") {
    if (arguments[0].type.is_list) return Whole(static_cast<Wide>(ElementsOf(arguments[0]).size()));
    return Whole(arguments[0].type.kind == TypeKind::kBytes ? static_cast<Wide>(text.size())
                                                            : count);
  }
  if (name == "lower" || name == "upper") return {Value::String(MapCase(text, name == "upper"))};
  if (name == "trim" || name == "ltrim" || name == "rtrim") {
    std::string kept = text;
    while (name != "rtrim" && kept.starts_with(' ')) kept.erase(0, 1);
    while (name != "ltrim" && kept.ends_with(' ')) kept.pop_back();
    return {Value::String(kept)};
  }
  if (name == "substr") {
    if (arguments.size() == 2) return {Value::String(Slice(characters, n - 1, count))};
    if (third.int_value < 0) return Domain(kText);
    return {Value::String(Slice(characters, n - 1, n - 1 + third.int_value))};
  }
  if (name == "left") return {Value::String(Slice(characters, 0, n < 0 ? count + n : n))};
  if (name == "right") return {Value::String(Slice(characters, n < 0 ? -n : count - n, count))};
  if (name == "reverse") return {Value::String(Join({characters.rbegin(), characters.rend()}))};
  if (name == "lpad" || name == "rpad") {
    return Pad(name, text, second.int_value, arguments.size() > 2 ? third.bytes : " ");
  }
  if (name == "replace") {
    if (second.bytes.empty()) return {arguments[0]};
    const std::vector<std::string> parts = SplitBy(text, second.bytes);
    std::string joined = parts[0];
    for (size_t i = 1; i < parts.size(); ++i) joined += third.bytes + parts[i];
    return joined.size() > text.size() ? LongText(joined) : Outcome{Value::String(joined)};
  }
  if (name == "starts_with") return {Bool(text.rfind(second.bytes, 0) == 0)};
  if (name == "ends_with") {
    const size_t size = second.bytes.size();
    return {Bool(text.size() >= size && text.substr(text.size() - size) == second.bytes)};
  }
  if (name == "contains") return {Bool(text.find(second.bytes) != std::string::npos)};
  if (name == "strpos") {
    const size_t at = text.find(second.bytes);
    if (second.bytes.empty()) return Whole(1);
    if (at == std::string::npos) return Whole(0);
    size_t bytes = 0;
    Wide position = 0;
    for (; bytes <= at; ++position) bytes += characters[static_cast<size_t>(position)].size();
    return Whole(position);
  }
  // split_part
  const Wide number = third.int_value;
  if (number == 0) return Domain(kText);
  const std::vector<std::string> parts = SplitBy(text, second.bytes);
  const Wide index = number > 0 ? number - 1 : static_cast<Wide>(parts.size()) + number;
  const bool there = index >= 0 && index < static_cast<Wide>(parts.size());
  return {Value::String(there ? parts[static_cast<size_t>(index)] : "")};
}

inline Outcome CallTimes(const std::string& name, const std::vector<Value>& arguments) {
  const Value& time = arguments.back();
  const int64_t t = time.int_value;
  if (name == "epoch") return {Value::Double(static_cast<double>(t) / 1e6)};
  if (name == "epoch_us") return Whole(t);
  if (name == "epoch_ms") return Whole(FloorDivide(t, 1000));
  if (name == "date_part" || name == "date_trunc") {
    std::string unit = LowerAsciiText(arguments[0].bytes);
    if (unit.ends_with('s')) unit.pop_back();
    if (name == "date_trunc") return Whole(Truncated(unit, t), kTime);
    if (unit == "epoch") return {Value::Double(static_cast<double>(t) / 1e6)};
    return Whole(PartOf(unit, t));
  }
  return Whole(PartOf(name, t));
}

inline Outcome MakeTime(const std::string& name, const Value& value) {
  if (PhysicalOf(value.type) == Physical::kDouble) {
    if (!std::isfinite(value.double_value)) return Domain(kTime);
    const double micros = std::round(value.double_value * 1e6);
    if (micros < -9223372036854775808.0 || micros >= 9223372036854775808.0) return Overflow(kTime);
    return {Value::Int(static_cast<int64_t>(micros), kTime)};
  }
  const Wide unit = name == "to_timestamp" ? 1000000 : (name == "to_timestamp_ms" ? 1000 : 1);
  return Whole(Wide{value.int_value} * unit, kTime);
}

inline Outcome HashOf(const Value& value) {
  if (PhysicalOf(value.type) == Physical::kBytes) {
    return {Value::Int(std::bit_cast<int64_t>(Hash64(AsBytes(value.bytes))))};
  }
  int64_t bits = value.int_value;
  if (PhysicalOf(value.type) == Physical::kDouble) {
    double x = value.double_value == 0 ? 0.0 : value.double_value;
    if (std::isnan(x)) x = std::numeric_limits<double>::quiet_NaN();
    bits = std::bit_cast<int64_t>(x);
  }
  Bytes encoded;
  PutLe(encoded, bits);
  return {Value::Int(std::bit_cast<int64_t>(Hash64(encoded)))};
}

inline Outcome CallFunction(const std::string& name, const std::vector<Value>& arguments) {
  if (name == "concat") {
    std::string joined;
    for (const Value& value : arguments) joined += value.valid ? value.bytes : "";
    return LongText(joined);
  }
  const Type type = ResultOf(name, arguments);
  for (const Value& value : arguments) {
    if (!value.valid) return {Value::Null(type)};
  }
  if (name == "hash64") return HashOf(arguments[0]);
  if (name == "element_at") {
    const std::vector<Value> elements = ElementsOf(arguments[0]);
    Wide index = arguments[1].int_value;
    if (index < 0) index += static_cast<Wide>(elements.size()) + 1;
    if (index < 1 || index > static_cast<Wide>(elements.size())) return {Value::Null(type)};
    return {elements[static_cast<size_t>(index - 1)]};
  }
  if (name.starts_with("to_timestamp")) return MakeTime(name, arguments[0]);
  if (IsTimeFunction(name)) return CallTimes(name, arguments);
  if (PhysicalOf(arguments[0].type) == Physical::kBytes) return CallTexts(name, arguments);
  return CallNumbers(name, arguments, type);
}

}  // namespace skewless::oracle
