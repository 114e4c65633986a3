// Types of calls: the table of overloads, and the functions with rules of their own.
#include <algorithm>
#include <array>
#include <numbers>
#include <utility>

#include "base/source_text.h"
#include "expression/errors.h"
#include "expression/type_check.h"

namespace skewless {
namespace {

using Nodes = std::vector<TypedNode>;

std::vector<const Typed*> Views(const Nodes& nodes) {
  std::vector<const Typed*> views;
  for (const TypedNode& node : nodes) views.push_back(node.get());
  return views;
}

Type TypeOfParameter(Parameter parameter) {
  switch (parameter) {
    case Parameter::kBool:
      return kBoolType;
    case Parameter::kInt:
      return kInt64Type;
    case Parameter::kDouble:
      return kFloat64Type;
    case Parameter::kString:
      return kStringType;
    case Parameter::kBytes:
      return kBytesType;
    case Parameter::kTimestamp:
      return kTimestampType;
    case Parameter::kAnyList:
      return {TypeKind::kInt64, true};
  }
  return {};
}

tl::unexpected<ExpressionError> WrongCount(const Ast& ast, const std::string& expected) {
  return ErrorAtNode(
      ast, ast.name + " expects " + expected + ", found " + std::to_string(ast.children.size()));
}

tl::unexpected<ExpressionError> UnknownFunction(const Ast& ast) {
  if (IsAggregateName(ast.name)) {
    return ErrorAtNode(ast, ast.name + " is an aggregate: it cannot stand inside an expression",
                       "give the aggregate a feature of its own, and name that feature here");
  }
  const std::string nearest = NearestName(ast.name, FunctionNames());
  return ErrorAtNode(ast, "there is no function '" + ast.name + "'",
                     nearest.empty() ? "" : "did you mean '" + nearest + "'?");
}

bool FitsCount(std::span<const Overload> overloads, size_t count) {
  return std::any_of(overloads.begin(), overloads.end(), [count](const Overload& overload) {
    return static_cast<size_t>(overload.parameter_count) == count;
  });
}

std::string ListNames(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) text += (i > 0 ? ", " : "") + names[i];
  return text;
}

std::string LowerAscii(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

// hour(x) is date_part('hour', x).
constexpr std::array<std::string_view, 10> kPartFunctions = {
    "year", "quarter", "month",  "week",      "day",
    "hour", "minute",  "second", "dayofweek", "dayofyear"};

}  // namespace

TypedResult TypeChecker::Call(const Ast& ast) {
  if (ast.is_star) {
    if (IsAggregateName(ast.name)) return UnknownFunction(ast);
    return ErrorAtNode(ast, ast.name + "(*) is no function", "only count(*) takes a '*'");
  }
  Nodes arguments;
  for (const auto& child : ast.children) {
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode argument, Check(*child));
    arguments.push_back(std::move(argument));
  }
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode special, Special(ast, arguments));
  if (special) return special;
  return CallOverload(ast, std::move(arguments));
}

TypedResult TypeChecker::CallOverload(const Ast& ast, Nodes arguments) {
  const std::span<const Overload> overloads = OverloadsOf(ast.name);
  if (overloads.empty()) return UnknownFunction(ast);
  const auto fits = [](const Typed& node, Parameter parameter) {
    if (parameter == Parameter::kAnyList) return !node.untyped_null && node.type.is_list;
    return CanCoerce(node, TypeOfParameter(parameter));
  };
  for (const Overload& overload : overloads) {
    if (static_cast<size_t>(overload.parameter_count) != arguments.size()) continue;
    bool all = true;
    for (size_t i = 0; i < arguments.size(); ++i)
      all &= fits(*arguments[i], overload.parameters[i]);
    if (!all) continue;
    TypedNode node = NewTyped(TypedKind::kApply, overload.result, ast);
    node->operation = overload.operation;
    node->can_fail = overload.can_fail;
    for (size_t i = 0; i < arguments.size(); ++i) {
      const bool is_list = overload.parameters[i] == Parameter::kAnyList;
      const Type type = is_list ? arguments[i]->type : TypeOfParameter(overload.parameters[i]);
      EXPRESSION_ASSIGN_OR_RETURN(TypedNode argument, Coerce(std::move(arguments[i]), type));
      AddChild(*node, std::move(argument));
    }
    return node;
  }
  std::vector<std::string> signatures;
  for (const Overload& overload : overloads) signatures.push_back(Signature(overload));
  if (!FitsCount(overloads, arguments.size())) {
    return ErrorAtNode(
        ast, ast.name + " has no form with " + std::to_string(arguments.size()) + " arguments",
        "write " + ListNames(signatures));
  }
  // The first argument that no form of this length takes.
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Overload* near = nullptr;
    bool taken = false;
    for (const Overload& overload : overloads) {
      if (static_cast<size_t>(overload.parameter_count) != arguments.size()) continue;
      near = &overload;
      taken |= fits(*arguments[i], overload.parameters[i]);
    }
    if (taken || near == nullptr) continue;
    const Type wanted = TypeOfParameter(near->parameters[i]);
    Operation operation = nullptr;
    bool can_fail = false;
    const bool castable = near->parameters[i] != Parameter::kAnyList &&
                          operations::FindCast(arguments[i]->type, wanted, &operation, &can_fail);
    return ErrorAtNode(*arguments[i]->source,
                       "expected " + ListNames(signatures) + "; argument " + std::to_string(i + 1) +
                           " is " + DescribeType(*arguments[i]),
                       castable ? CastRemedy(*arguments[i], wanted) : "");
  }
  return ErrorAtNode(ast, "these arguments fit no form of " + ast.name,
                     "write " + ListNames(signatures));
}

TypedResult TypeChecker::Special(const Ast& ast, Nodes& arguments) {
  const std::string& name = ast.name;
  if (name == "coalesce") return CoalesceCall(ast, std::move(arguments));
  if (name == "nullif") return NullIfCall(ast, std::move(arguments));
  if (name == "least" || name == "greatest") return ExtremeCall(ast, std::move(arguments));
  if (name == "if") return IfCall(ast, std::move(arguments));
  if (name == "concat") return ConcatCall(ast, std::move(arguments));
  if (name == "list_contains") return ListContainsCall(ast, std::move(arguments));
  if (name == "element_at") return ElementAtCall(ast, std::move(arguments));
  if (name == "date_part" || name == "date_trunc") return TimeUnitCall(ast, std::move(arguments));
  if (name == "pi") {
    if (!arguments.empty()) return WrongCount(ast, "no arguments");
    TypedNode node = NewTyped(TypedKind::kConstant, kFloat64Type, ast);
    node->value = Value::Double(std::numbers::pi);
    return node;
  }
  for (const std::string_view part : kPartFunctions) {
    if (name != part) continue;
    if (arguments.size() != 1) return WrongCount(ast, "1 argument, a timestamp");
    if (!CanCoerce(*arguments[0], kTimestampType)) {
      return ErrorAtNode(*arguments[0]->source,
                         name + " expects a timestamp, found " + DescribeType(*arguments[0]),
                         CastRemedy(*arguments[0], kTimestampType));
    }
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode time, Coerce(std::move(arguments[0]), kTimestampType));
    return Apply(ast, kInt64Type, operations::DatePartOperation(name), false, std::move(time));
  }
  return nullptr;
}

TypedResult TypeChecker::CoalesceCall(const Ast& ast, Nodes arguments) {
  if (arguments.empty()) return WrongCount(ast, "at least 1 argument");
  EXPRESSION_ASSIGN_OR_RETURN(const Type type, CommonTypeOrError(ast, Views(arguments), "return"));
  TypedNode node = NewTyped(TypedKind::kCoalesce, type, ast);
  for (TypedNode& argument : arguments) {
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode value, Coerce(std::move(argument), type));
    AddChild(*node, std::move(value));
  }
  return node;
}

// nullif(a, b) keeps the type of a, whatever both are compared as.
TypedResult TypeChecker::NullIfCall(const Ast& ast, Nodes arguments) {
  if (arguments.size() != 2) return WrongCount(ast, "2 arguments");
  if (arguments[0]->untyped_null) {
    return ErrorAtNode(*arguments[0]->source, "the type of this null is not known",
                       "write cast(null as float64), or the type that you mean");
  }
  const Type type = arguments[0]->type;
  TypedNode let = NewTyped(TypedKind::kLet, type, ast);
  AddChild(*let, std::move(arguments[0]));
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode equal,
                              Compare(ast, operations::Comparison::kEqual,
                                      SharedOf(*let, *ast.children[0]), std::move(arguments[1])));
  AddChild(*let, Apply(ast, type, operations::NullIfOperation(PhysicalOf(type)), false,
                       SharedOf(*let, *ast.children[0]), std::move(equal)));
  return let;
}

TypedResult TypeChecker::ExtremeCall(const Ast& ast, Nodes arguments) {
  if (arguments.empty()) return WrongCount(ast, "at least 1 argument");
  EXPRESSION_ASSIGN_OR_RETURN(const Type type, CommonTypeOrError(ast, Views(arguments), "return"));
  if (type.is_list)
    return ErrorAtNode(ast, "lists cannot be compared", "write element_at(list, 1)");
  const Operation operation = ast.name == "least" ? operations::LeastOperation(PhysicalOf(type))
                                                  : operations::GreatestOperation(PhysicalOf(type));
  TypedNode node;
  for (TypedNode& argument : arguments) {
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode value, Coerce(std::move(argument), type));
    node = node ? Apply(ast, type, operation, false, std::move(node), std::move(value))
                : std::move(value);
  }
  return node;
}

TypedResult TypeChecker::IfCall(const Ast& ast, Nodes arguments) {
  if (arguments.size() != 3) return WrongCount(ast, "3 arguments: if(condition, a, b)");
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode condition, AsBool(std::move(arguments[0]), "if"));
  EXPRESSION_ASSIGN_OR_RETURN(
      const Type type, CommonTypeOrError(ast, {arguments[1].get(), arguments[2].get()}, "return"));
  TypedNode node = NewTyped(TypedKind::kCase, type, ast);
  node->has_else = true;
  AddChild(*node, std::move(condition));
  for (size_t i = 1; i < 3; ++i) {
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode value, Coerce(std::move(arguments[i]), type));
    AddChild(*node, std::move(value));
  }
  return node;
}

TypedResult TypeChecker::ConcatCall(const Ast& ast, Nodes arguments) {
  if (arguments.empty()) return WrongCount(ast, "at least 1 argument");
  TypedNode node = NewTyped(TypedKind::kApply, kStringType, ast);
  node->operation = operations::Concat;
  node->can_fail = true;
  for (TypedNode& argument : arguments) {
    if (!CanCoerce(*argument, kStringType)) {
      return ErrorAtNode(*argument->source, "concat joins texts, found " + DescribeType(*argument),
                         CastRemedy(*argument, kStringType));
    }
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode value, Coerce(std::move(argument), kStringType));
    AddChild(*node, std::move(value));
  }
  return node;
}

TypedResult TypeChecker::TimeUnitCall(const Ast& ast, Nodes arguments) {
  if (arguments.size() != 2) return WrongCount(ast, "2 arguments: " + ast.name + "('hour', x)");
  const bool is_part = ast.name == "date_part";
  const std::vector<std::string> units =
      is_part ? operations::DatePartUnits() : operations::DateTruncUnits();
  const Typed& unit = *arguments[0];
  if (unit.kind != TypedKind::kConstant || unit.untyped_null || unit.type != kStringType) {
    return ErrorAtNode(*unit.source, "the unit of " + ast.name + " must be written out",
                       "write one of " + ListNames(units) + " in single quotes");
  }
  const std::string name = LowerAscii(unit.value.bytes);
  const Operation operation =
      is_part ? operations::DatePartOperation(name) : operations::DateTruncOperation(name);
  if (operation == nullptr) {
    const std::string nearest = NearestName(name, units);
    return ErrorAtNode(
        *unit.source, ast.name + " has no unit '" + unit.value.bytes + "'",
        nearest.empty() ? "write one of " + ListNames(units) : "did you mean '" + nearest + "'?");
  }
  if (!CanCoerce(*arguments[1], kTimestampType)) {
    return ErrorAtNode(*arguments[1]->source,
                       ast.name + " expects a timestamp, found " + DescribeType(*arguments[1]),
                       CastRemedy(*arguments[1], kTimestampType));
  }
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode time, Coerce(std::move(arguments[1]), kTimestampType));
  const bool is_float = is_part && operation == static_cast<Operation>(operations::Epoch);
  const Type part_type = is_float ? kFloat64Type : kInt64Type;
  return Apply(ast, is_part ? part_type : kTimestampType, operation, !is_part, std::move(time));
}

TypedResult TypeChecker::ListContainsCall(const Ast& ast, Nodes arguments) {
  if (arguments.size() != 2) return WrongCount(ast, "2 arguments: list_contains(list, x)");
  const Typed& list = *arguments[0];
  if (list.untyped_null || !list.type.is_list) {
    return ErrorAtNode(*list.source, "list_contains expects a list, found " + DescribeType(list));
  }
  Typed element;
  element.kind = TypedKind::kColumn;
  element.type = {list.type.kind, false};
  element.source = list.source;
  EXPRESSION_ASSIGN_OR_RETURN(const Type type,
                              CommonTypeOrError(ast, {&element, arguments[1].get()}, "compare"));
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode needle, Coerce(std::move(arguments[1]), type));
  return Apply(ast, kBoolType,
               operations::ListContainsOperation(PhysicalOf(element.type), PhysicalOf(type)), false,
               std::move(arguments[0]), std::move(needle));
}

TypedResult TypeChecker::ElementAtCall(const Ast& ast, Nodes arguments) {
  if (arguments.size() != 2) return WrongCount(ast, "2 arguments: element_at(list, 1)");
  const Typed& list = *arguments[0];
  if (list.untyped_null || !list.type.is_list) {
    return ErrorAtNode(*list.source, "element_at expects a list, found " + DescribeType(list));
  }
  if (!CanCoerce(*arguments[1], kInt64Type)) {
    return ErrorAtNode(*arguments[1]->source,
                       "element_at expects a whole number, found " + DescribeType(*arguments[1]));
  }
  const Type element{list.type.kind, false};
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode index, Coerce(std::move(arguments[1]), kInt64Type));
  return Apply(ast, element, operations::ElementAtOperation(PhysicalOf(element)), false,
               std::move(arguments[0]), std::move(index));
}

}  // namespace skewless
