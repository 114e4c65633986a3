// Which types go together, and the conversions that nobody has to write.
#include <utility>

#include "base/time.h"
#include "expression/errors.h"
#include "expression/type_check.h"

namespace skewless {

bool IsStringLiteral(const Typed& node) {
  return node.kind == TypedKind::kConstant && node.value.valid && node.type == kStringType;
}

bool TypeChecker::CanCoerce(const Typed& node, Type type) {
  if (node.untyped_null || node.type == type) return true;
  if (IsStringLiteral(node)) return type == kTimestampType || type == kBytesType;
  if (type == kInt64Type) return IsInteger(node.type);
  return type == kFloat64Type && IsNumeric(node.type);
}

std::optional<Type> TypeChecker::CommonType(const std::vector<const Typed*>& nodes) {
  std::optional<Type> common;
  for (const Typed* node : nodes) {
    if (node->untyped_null || IsStringLiteral(*node)) continue;
    if (!common || *common == node->type) {
      common = node->type;
    } else if (IsInteger(*common) && IsInteger(node->type)) {
      common = kInt64Type;
    } else if (IsNumeric(*common) && IsNumeric(node->type)) {
      common = kFloat64Type;
    } else {
      return std::nullopt;
    }
  }
  for (const Typed* node : nodes) {
    if (!IsStringLiteral(*node)) continue;
    if (!common) common = kStringType;
    if (!CanCoerce(*node, *common)) return std::nullopt;
  }
  return common ? common : kInt64Type;  // nulls only
}

ExpressionResult<Type> TypeChecker::CommonTypeOrError(const Ast& ast,
                                                      const std::vector<const Typed*>& nodes,
                                                      std::string_view what) {
  const bool compares = what == "compare";
  const std::optional<Type> common = CommonType(nodes);
  if (common && compares && common->is_list) {
    return ErrorAtNode(ast, "lists cannot be compared", "write list_contains(list, x)");
  }
  if (common) {
    bool all_null = !compares;
    for (const Typed* node : nodes) all_null &= node->untyped_null;
    if (!all_null) return *common;
    return ErrorAtNode(ast, "every value here is null, so the type is not known",
                       "write cast(null as float64), or the type that you mean");
  }
  // Name the first pair that does not fit.
  for (size_t i = 1; i < nodes.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (CommonType({nodes[k], nodes[i]})) continue;
      const Type target = nodes[k]->type.is_list ? nodes[i]->type : nodes[k]->type;
      Operation operation = nullptr;
      bool can_fail = false;
      const bool castable = !nodes[i]->type.is_list &&
                            operations::FindCast(nodes[i]->type, target, &operation, &can_fail);
      return ErrorAtNode(*nodes[i]->source,
                         (compares ? "cannot compare " : "values must be of one type, found ") +
                             DescribeType(*nodes[k]) + (compares ? " with " : " and ") +
                             DescribeType(*nodes[i]),
                         castable ? CastRemedy(*nodes[i], target) : "");
    }
  }
  return ErrorAtNode(ast, "these values have no common type", "cast them to one type");
}

TypedResult TypeChecker::Coerce(TypedNode node, Type type) {
  if (node->untyped_null) {
    node->untyped_null = false;
    node->type = type;
    node->value = Value::Null(type);
    return node;
  }
  if (node->type == type) return node;
  const bool constant = node->kind == TypedKind::kConstant;
  const Ast& source = *node->source;
  if (IsStringLiteral(*node) && type == kTimestampType) {
    const Result<Timestamp> time = ParseTimestamp(node->value.bytes);
    if (!time) {
      return ErrorAtNode(*node->source, "'" + node->value.bytes + "' is not a timestamp",
                         "write it as RFC 3339: '2013-01-01T05:00:00Z'");
    }
    node->value = Value::Int(*time, type);
  } else if (PhysicalOf(node->type) == PhysicalOf(type)) {
    // A wider type of the same shape: int32 as int64, float32 as float64, a text as bytes.
    if (!constant) return Apply(source, type, nullptr, false, std::move(node));
    node->value.type = type;
  } else if (constant) {
    node->value = node->value.valid
                      ? Value::Double(static_cast<double>(node->value.int_value), type)
                      : Value::Null(type);
  } else {
    return Apply(source, type, operations::IntToDouble, false, std::move(node));
  }
  node->type = type;
  return node;
}

}  // namespace skewless
