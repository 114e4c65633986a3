#include "definition/aggregate.h"

#include <algorithm>
#include <array>

namespace skewless {
namespace {

// last(x, n) and first(x, n) share the names of last(x) and first(x).
constexpr std::array kAggregates = {
    AggregateSpec{"count", AggregateKind::kCount, "count(*)"},
    AggregateSpec{"sum", AggregateKind::kSum, "sum(x)"},
    AggregateSpec{"avg", AggregateKind::kAvg, "avg(x)"},
    AggregateSpec{"min", AggregateKind::kMin, "min(x)"},
    AggregateSpec{"max", AggregateKind::kMax, "max(x)"},
    AggregateSpec{"var_pop", AggregateKind::kVarPop, "var_pop(x)"},
    AggregateSpec{"var_samp", AggregateKind::kVarSamp, "var_samp(x)"},
    AggregateSpec{"stddev_pop", AggregateKind::kStddevPop, "stddev_pop(x)"},
    AggregateSpec{"stddev_samp", AggregateKind::kStddevSamp, "stddev_samp(x)"},
    AggregateSpec{"first", AggregateKind::kFirst, "first(x)"},
    AggregateSpec{"last", AggregateKind::kLast, "last(x)"},
    AggregateSpec{"bool_and", AggregateKind::kBoolAnd, "bool_and(x)"},
    AggregateSpec{"bool_or", AggregateKind::kBoolOr, "bool_or(x)"},
    AggregateSpec{"min_by", AggregateKind::kMinBy, "min_by(x, y)"},
    AggregateSpec{"max_by", AggregateKind::kMaxBy, "max_by(x, y)"},
    AggregateSpec{"approx_count_distinct", AggregateKind::kCount, "count(x)", false},
    AggregateSpec{"approx_quantile", AggregateKind::kAvg, "avg(x), min(x) or max(x)", false},
    AggregateSpec{"approx_top_k", AggregateKind::kLastN, "last(x, 10)", false},
    AggregateSpec{"sum_decayed", AggregateKind::kSumDecayed, "sum_decayed(x, 1h)"},
    AggregateSpec{"count_by", AggregateKind::kCountBy, "count_by(x)"},
    AggregateSpec{"time_since_last", AggregateKind::kTimeSinceLast, "time_since_last()"},
};

tl::unexpected<AggregateTypeError> FailType(std::string message, std::string remedy,
                                            bool in_order_argument = false) {
  return tl::unexpected(
      AggregateTypeError{in_order_argument, std::move(message), std::move(remedy)});
}

std::string NumberRemedy(const std::string& name, const std::string& x, Type argument) {
  if (argument.is_list || argument.kind == TypeKind::kBytes) return "Name a column of numbers.";
  if (argument.kind == TypeKind::kBool)
    return "To count the true ones write count(*) filter (where " + x + ").";
  if (argument.kind == TypeKind::kTimestamp)
    return "Its seconds are a number: " + name + "(epoch(" + x + ")).";
  return "Turn it into a number: " + name + "(cast(" + x + " as float64)).";
}

tl::expected<Type, AggregateTypeError> NumericType(AggregateKind kind, Type argument,
                                                   std::string_view text) {
  if (!IsNumeric(argument)) {
    const std::string name(AggregateName(kind));
    const std::string x(text);
    return FailType(name + " needs a number, and this is " + TypeName(argument),
                    NumberRemedy(name, x, argument));
  }
  if (kind == AggregateKind::kSum && IsInteger(argument)) return Type{TypeKind::kInt64, false};
  return Type{TypeKind::kFloat64, false};
}

tl::unexpected<AggregateTypeError> FailOrder(AggregateKind kind, Type type, bool in_order) {
  return FailType(std::string(AggregateName(kind)) + " needs values with an order, and this is " +
                      TypeName(type),
                  "Lists have no order: name a column that is no list.", in_order);
}

}  // namespace

const AggregateSpec* FindAggregate(std::string_view lower_case_name) {
  const auto* found = std::find_if(kAggregates.begin(), kAggregates.end(),
                                   [&](const auto& spec) { return spec.name == lower_case_name; });
  return found == kAggregates.end() ? nullptr : found;
}

std::vector<std::string> AggregateNames() {
  std::vector<std::string> names;
  for (const AggregateSpec& spec : kAggregates) {
    if (spec.available) names.emplace_back(spec.name);
  }
  return names;
}

std::string_view AggregateName(AggregateKind kind) {
  if (kind == AggregateKind::kLastN) return "last";
  if (kind == AggregateKind::kFirstN) return "first";
  for (const AggregateSpec& spec : kAggregates) {
    if (spec.kind == kind) return spec.name;
  }
  return "count";
}

tl::expected<Type, AggregateTypeError> AggregateType(AggregateKind kind, Type argument,
                                                     std::optional<Type> order,
                                                     std::string_view text) {
  switch (kind) {
    case AggregateKind::kCount:
    case AggregateKind::kTimeSinceLast:
      return Type{TypeKind::kInt64, false};
    case AggregateKind::kSum:
    case AggregateKind::kAvg:
    case AggregateKind::kVarPop:
    case AggregateKind::kVarSamp:
    case AggregateKind::kStddevPop:
    case AggregateKind::kStddevSamp:
    case AggregateKind::kSumDecayed:
      return NumericType(kind, argument, text);
    case AggregateKind::kCountBy:
      if (argument.is_list || argument.kind == TypeKind::kBytes) {
        return FailType("count_by needs values that have a text, and this is " + TypeName(argument),
                        "Name a column that is no list and no bytes.");
      }
      return Type{TypeKind::kString, false};
    case AggregateKind::kMin:
    case AggregateKind::kMax:
      if (argument.is_list) return FailOrder(kind, argument, false);
      return argument;
    case AggregateKind::kFirst:
    case AggregateKind::kLast:
      return argument;
    case AggregateKind::kBoolAnd:
    case AggregateKind::kBoolOr:
      if (argument != Type{TypeKind::kBool, false}) {
        return FailType(
            std::string(AggregateName(kind)) + " needs a bool, and this is " + TypeName(argument),
            "Write a condition, as in bool_or(price > 0).");
      }
      return argument;
    case AggregateKind::kMinBy:
    case AggregateKind::kMaxBy:
      if (order && order->is_list) return FailOrder(kind, *order, true);
      return argument;
    case AggregateKind::kLastN:
    case AggregateKind::kFirstN:
      if (argument.is_list) {
        return FailType("a list of lists has no type: this is " + TypeName(argument),
                        "Keep one list: last(" + std::string(text) + ").");
      }
      return Type{argument.kind, true};
  }
  return FailType("no such aggregate", {});
}

}  // namespace skewless
