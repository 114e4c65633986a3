#include "expression/functions.h"

#include <algorithm>
#include <utility>

#include "expression/operations.h"

namespace skewless {
namespace {

using enum Parameter;
namespace ops = operations;

constexpr Type kBoolType{TypeKind::kBool, false};
constexpr Type kIntType{TypeKind::kInt64, false};
constexpr Type kFloatType{TypeKind::kFloat64, false};
constexpr Type kStringType{TypeKind::kString, false};
constexpr Type kTimestampType{TypeKind::kTimestamp, false};

constexpr Overload One(std::string_view name, Parameter a, Type result, Operation operation,
                       bool can_fail = false) {
  return {name, {a, a, a}, 1, result, operation, can_fail};
}
constexpr Overload Two(std::string_view name, Parameter a, Parameter b, Type result,
                       Operation operation, bool can_fail = false) {
  return {name, {a, b, b}, 2, result, operation, can_fail};
}
constexpr Overload Three(std::string_view name, Parameter a, Parameter b, Parameter c, Type result,
                         Operation operation, bool can_fail = false) {
  return {name, {a, b, c}, 3, result, operation, can_fail};
}

// Overloads of a function stand together; int64 before float64, so that integers stay integers.
constexpr std::array kOverloads = {
    // Numbers.
    One("abs", kInt, kIntType, ops::AbsInt, true),
    One("abs", kDouble, kFloatType, ops::AbsDouble),
    One("sign", kInt, kIntType, ops::SignInt),
    One("sign", kDouble, kFloatType, ops::SignDouble),
    One("ceil", kInt, kIntType, nullptr),
    One("ceil", kDouble, kFloatType, ops::Ceil),
    One("floor", kInt, kIntType, nullptr),
    One("floor", kDouble, kFloatType, ops::Floor),
    One("round", kInt, kIntType, nullptr),
    One("round", kDouble, kFloatType, ops::Round),
    Two("round", kInt, kInt, kIntType, ops::RoundInt, true),
    Two("round", kDouble, kInt, kFloatType, ops::RoundDecimals),
    One("trunc", kInt, kIntType, nullptr),
    One("trunc", kDouble, kFloatType, ops::Truncate),
    One("sqrt", kDouble, kFloatType, ops::SquareRoot, true),
    One("exp", kDouble, kFloatType, ops::Exp),
    One("ln", kDouble, kFloatType, ops::NaturalLog, true),
    One("log", kDouble, kFloatType, ops::Log10, true),
    One("log2", kDouble, kFloatType, ops::Log2, true),
    Two("power", kDouble, kDouble, kFloatType, ops::Power, true),
    Two("mod", kInt, kInt, kIntType, ops::RemainderInt, true),
    Two("mod", kDouble, kDouble, kFloatType, ops::RemainderDouble, true),
    One("sin", kDouble, kFloatType, ops::Sin, true),
    One("cos", kDouble, kFloatType, ops::Cos, true),
    One("tan", kDouble, kFloatType, ops::Tan, true),
    One("asin", kDouble, kFloatType, ops::Asin, true),
    One("acos", kDouble, kFloatType, ops::Acos, true),
    One("atan", kDouble, kFloatType, ops::Atan),
    Two("atan2", kDouble, kDouble, kFloatType, ops::Atan2),
    One("radians", kDouble, kFloatType, ops::Radians),
    One("degrees", kDouble, kFloatType, ops::Degrees),
    One("isnan", kDouble, kBoolType, ops::IsNan),
    One("isfinite", kDouble, kBoolType, ops::IsFinite),
    One("isinf", kDouble, kBoolType, ops::IsInfinite),
    // Texts.
    One("length", kString, kIntType, ops::LengthCharacters),
    One("length", kBytes, kIntType, ops::LengthBytes),
    One("length", kAnyList, kIntType, ops::ListLengthOf),
    One("lower", kString, kStringType, ops::Lower),
    One("upper", kString, kStringType, ops::Upper),
    One("trim", kString, kStringType, ops::Trim),
    One("ltrim", kString, kStringType, ops::TrimLeft),
    One("rtrim", kString, kStringType, ops::TrimRight),
    Two("substr", kString, kInt, kStringType, ops::SubstringFrom),
    Three("substr", kString, kInt, kInt, kStringType, ops::Substring, true),
    Three("replace", kString, kString, kString, kStringType, ops::Replace, true),
    Two("starts_with", kString, kString, kBoolType, ops::StartsWith),
    Two("ends_with", kString, kString, kBoolType, ops::EndsWith),
    Two("contains", kString, kString, kBoolType, ops::Contains),
    Two("strpos", kString, kString, kIntType, ops::Position),
    Two("left", kString, kInt, kStringType, ops::Left),
    Two("right", kString, kInt, kStringType, ops::Right),
    One("reverse", kString, kStringType, ops::Reverse),
    Two("lpad", kString, kInt, kStringType, ops::PadLeftSpaces, true),
    Three("lpad", kString, kInt, kString, kStringType, ops::PadLeft, true),
    Two("rpad", kString, kInt, kStringType, ops::PadRightSpaces, true),
    Three("rpad", kString, kInt, kString, kStringType, ops::PadRight, true),
    Three("split_part", kString, kString, kInt, kStringType, ops::SplitPart, true),
    One("hash64", kString, kIntType, ops::HashBytes),
    One("hash64", kBytes, kIntType, ops::HashBytes),
    One("hash64", kBool, kIntType, ops::HashInt),
    One("hash64", kInt, kIntType, ops::HashInt),
    One("hash64", kTimestamp, kIntType, ops::HashInt),
    One("hash64", kDouble, kIntType, ops::HashDouble),
    // Times.
    One("epoch", kTimestamp, kFloatType, ops::Epoch),
    One("epoch_ms", kTimestamp, kIntType, ops::EpochMillis),
    One("epoch_us", kTimestamp, kIntType, nullptr),
    One("to_timestamp", kInt, kTimestampType, ops::ToTimestampInt, true),
    One("to_timestamp", kDouble, kTimestampType, ops::ToTimestampDouble, true),
    One("to_timestamp_ms", kInt, kTimestampType, ops::ToTimestampMillis, true),
    One("to_timestamp_us", kInt, kTimestampType, nullptr),
};

// With rules of their own, in check_calls.cc.
constexpr std::array<std::string_view, 20> kSpecial = {
    "coalesce",  "nullif",     "least",  "greatest",  "if",        "concat",       "pi",
    "date_part", "date_trunc", "year",   "quarter",   "month",     "week",         "day",
    "hour",      "minute",     "second", "dayofweek", "dayofyear", "list_contains"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kOtherNames = {{
    {"pow", "power"},
    {"log10", "log"},
    {"ceiling", "ceil"},
    {"truncate", "trunc"},
    {"substring", "substr"},
    {"char_length", "length"},
    {"len", "length"},
    {"lcase", "lower"},
    {"ucase", "upper"},
    {"instr", "strpos"},
    {"ifnull", "coalesce"},
    {"datetrunc", "date_trunc"},
    {"datepart", "date_part"},
}};

constexpr std::array<std::string_view, 23> kAggregates = {"count",
                                                          "sum",
                                                          "avg",
                                                          "min",
                                                          "max",
                                                          "var_pop",
                                                          "var_samp",
                                                          "stddev_pop",
                                                          "stddev_samp",
                                                          "first",
                                                          "last",
                                                          "bool_and",
                                                          "bool_or",
                                                          "min_by",
                                                          "max_by",
                                                          "approx_count_distinct",
                                                          "approx_quantile",
                                                          "approx_top_k",
                                                          "sum_decayed",
                                                          "count_by",
                                                          "time_since_last",
                                                          "stddev",
                                                          "variance"};

std::string_view ParameterName(Parameter parameter) {
  switch (parameter) {
    case kBool:
      return "bool";
    case kInt:
      return "int64";
    case kDouble:
      return "float64";
    case kString:
      return "string";
    case kBytes:
      return "bytes";
    case kTimestamp:
      return "timestamp";
    case kAnyList:
      return "list";
  }
  return "";
}

}  // namespace

std::span<const Overload> OverloadsOf(std::string_view name) {
  const auto has_name = [name](const Overload& overload) { return overload.name == name; };
  const auto first = std::find_if(kOverloads.begin(), kOverloads.end(), has_name);
  const auto last = std::find_if_not(first, kOverloads.end(), has_name);
  return {first, last};
}

std::string_view MainFunctionName(std::string_view lower_case) {
  for (const auto& [other, main] : kOtherNames) {
    if (other == lower_case) return main;
  }
  return lower_case;
}

std::vector<std::string> FunctionNames() {
  std::vector<std::string> names(kSpecial.begin(), kSpecial.end());
  names.emplace_back("element_at");
  for (const Overload& overload : kOverloads) {
    if (names.back() != overload.name) names.emplace_back(overload.name);
  }
  for (const auto& [other, main] : kOtherNames) names.emplace_back(other);
  return names;
}

bool IsAggregateName(std::string_view name) {
  return std::find(kAggregates.begin(), kAggregates.end(), name) != kAggregates.end();
}

std::string Signature(const Overload& overload) {
  std::string text(overload.name);
  text += "(";
  for (int i = 0; i < overload.parameter_count; ++i) {
    if (i > 0) text += ", ";
    text += ParameterName(overload.parameters[static_cast<size_t>(i)]);
  }
  return text + ")";
}

}  // namespace skewless
