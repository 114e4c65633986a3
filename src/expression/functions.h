// The functions whose arguments have fixed types: a table of overloads. What has rules of its own
// (coalesce, least, date_part, ...) is checked in check_calls.cc.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expression/operation.h"
#include "model/type.h"

namespace skewless {

enum class Parameter : uint8_t { kBool, kInt, kDouble, kString, kBytes, kTimestamp, kAnyList };

struct Overload {
  std::string_view name;
  std::array<Parameter, 3> parameters;
  int parameter_count;
  Type result;
  Operation operation;  // null: the argument itself, under the result's type
  bool can_fail;
};

// Empty where the table has no such function. In the order in which they are to be tried.
std::span<const Overload> OverloadsOf(std::string_view name);

// "pow" is "power": other names of the same function.
std::string_view MainFunctionName(std::string_view lower_case);

// Every function that an expression may call, for "did you mean".
std::vector<std::string> FunctionNames();

// Aggregates stand in features, not inside expressions: they get an error of their own.
bool IsAggregateName(std::string_view name);

// "round(float64, int64)".
std::string Signature(const Overload& overload);

}  // namespace skewless
