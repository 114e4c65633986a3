#include "expression/type_check.h"

#include <array>
#include <utility>

#include "base/source_text.h"
#include "expression/errors.h"

namespace skewless {
namespace {

using operations::Comparison;

struct ArithmeticOperator {
  std::string_view name;
  Operation ints;  // null: integers become floats first
  Operation doubles;
  bool ints_fail;
  bool doubles_fail;
};
constexpr std::array<ArithmeticOperator, 6> kArithmetic = {{
    {"+", operations::AddInt, operations::AddDouble, true, false},
    {"-", operations::SubtractInt, operations::SubtractDouble, true, false},
    {"*", operations::MultiplyInt, operations::MultiplyDouble, true, false},
    {"/", nullptr, operations::DivideDouble, true, true},
    {"//", operations::DivideInt, operations::TruncatedDivideDouble, true, true},
    {"%", operations::RemainderInt, operations::RemainderDouble, true, true},
}};

constexpr std::array<std::pair<std::string_view, Comparison>, 6> kComparisons = {{
    {"=", Comparison::kEqual},
    {"<>", Comparison::kNotEqual},
    {"<", Comparison::kLess},
    {"<=", Comparison::kLessOrEqual},
    {">", Comparison::kGreater},
    {">=", Comparison::kGreaterOrEqual},
}};

}  // namespace

TypedNode Apply(const Ast& source, Type type, Operation operation, bool can_fail, TypedNode a) {
  TypedNode node = NewTyped(TypedKind::kApply, type, source);
  node->operation = operation;
  node->can_fail = can_fail;
  AddChild(*node, std::move(a));
  return node;
}

TypedNode Apply(const Ast& source, Type type, Operation operation, bool can_fail, TypedNode a,
                TypedNode b) {
  TypedNode node = Apply(source, type, operation, can_fail, std::move(a));
  AddChild(*node, std::move(b));
  return node;
}

TypedNode SharedOf(const Typed& let, const Ast& source) {
  TypedNode node = NewTyped(TypedKind::kShared, let.children[0]->type, source);
  node->shared = &let;
  return node;
}

std::string DescribeType(const Typed& node) {
  return node.untyped_null ? "null" : TypeName(node.type);
}

std::string CastRemedy(const Typed& node, Type type) {
  constexpr size_t kLongest = 60;
  std::string text = CanonicalText(*node.source);
  if (text.size() > kLongest) text = "...";
  if (text.size() > 2 && text.front() == '(' && text.back() == ')') {
    text = text.substr(1, text.size() - 2);
  }
  return "write cast(" + text + " as " + TypeName(type) + ")";
}

TypedResult TypeChecker::Check(const Ast& ast) {
  switch (ast.kind) {
    case AstKind::kLiteral:
      return Literal(ast);
    case AstKind::kColumn:
      return Column(ast);
    case AstKind::kUnary:
      return Unary(ast);
    case AstKind::kBinary:
      return Binary(ast);
    case AstKind::kIsNull:
    case AstKind::kIsTruth:
      return Is(ast);
    case AstKind::kIsDistinct:
      return Distinct(ast);
    case AstKind::kIn:
      return In(ast);
    case AstKind::kBetween:
      return Between(ast);
    case AstKind::kLike:
      return LikeMatch(ast);
    case AstKind::kCase:
      return Case(ast);
    case AstKind::kCast:
      return Cast(ast);
    case AstKind::kCall:
      return Call(ast);
  }
  return ErrorAtNode(ast, "this is no expression");
}

TypedResult TypeChecker::Literal(const Ast& ast) {
  TypedNode node = NewTyped(TypedKind::kConstant, ast.value.type, ast);
  node->value = ast.value;
  node->untyped_null = !ast.value.valid;
  return node;
}

TypedResult TypeChecker::Column(const Ast& ast) {
  for (size_t i = 0; i < scope_.size(); ++i) {
    if (scope_[i].name != ast.name) continue;
    TypedNode node = NewTyped(TypedKind::kColumn, scope_[i].type, ast);
    node->column = static_cast<int>(i);
    return node;
  }
  std::vector<std::string> names;
  for (const ScopeColumn& column : scope_) names.push_back(column.name);
  std::string nearest = NearestName(ast.name, names);
  std::string remedy;
  // As it stands in the text it is longer than its name: double quotes are around it.
  const bool is_quoted = ast.length == ast.name.size() + 2;
  if (!nearest.empty()) {
    remedy = "did you mean '" + nearest + "'?";
  } else if (is_quoted) {
    remedy = "write text in single quotes, '" + ast.name + "'; double quotes are for names";
  } else if (names.empty()) {
    remedy = "no columns can be named here";
  } else if (names.size() <= 12) {
    remedy = "the columns here are ";
    for (size_t i = 0; i < names.size(); ++i) remedy += (i > 0 ? ", " : "") + names[i];
  }
  return ErrorAtNode(ast, "there is no column '" + ast.name + "' here", std::move(remedy));
}

TypedResult TypeChecker::Unary(const Ast& ast) {
  if (ast.name == "not") {
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode operand, Condition(*ast.children[0], "'not'"));
    return Negated(ast, true, std::move(operand));
  }
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode operand, Check(*ast.children[0]));
  if (operand->untyped_null) {
    EXPRESSION_ASSIGN_OR_RETURN(operand, Coerce(std::move(operand), kInt64Type));
  }
  if (!IsNumeric(operand->type)) {
    return ErrorAtNode(*operand->source, "'-' expects a number, found " + DescribeType(*operand),
                       operand->type == kStringType ? CastRemedy(*operand, kFloat64Type) : "");
  }
  const bool is_int = IsInteger(operand->type);
  return Apply(ast, is_int ? kInt64Type : kFloat64Type,
               is_int ? operations::NegateInt : operations::NegateDouble, is_int,
               std::move(operand));
}

TypedResult TypeChecker::Binary(const Ast& ast) {
  if (ast.name == "and" || ast.name == "or") {
    TypedNode node = NewTyped(ast.name == "and" ? TypedKind::kAnd : TypedKind::kOr, kBoolType, ast);
    for (const auto& child : ast.children) {
      EXPRESSION_ASSIGN_OR_RETURN(TypedNode operand, Condition(*child, "'" + ast.name + "'"));
      AddChild(*node, std::move(operand));
    }
    return node;
  }
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode left, Check(*ast.children[0]));
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode right, Check(*ast.children[1]));
  for (const auto& [name, comparison] : kComparisons) {
    if (name == ast.name) return Compare(ast, comparison, std::move(left), std::move(right));
  }
  if (ast.name == "||") return Join(ast, std::move(left), std::move(right));
  return Arithmetic(ast, std::move(left), std::move(right));
}

TypedResult TypeChecker::Arithmetic(const Ast& ast, TypedNode left, TypedNode right) {
  const ArithmeticOperator* op = nullptr;
  for (const ArithmeticOperator& candidate : kArithmetic) {
    if (candidate.name == ast.name) op = &candidate;
  }
  if (op == nullptr) return ErrorAtNode(ast, "there is no operator '" + ast.name + "'");
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode time, TimeArithmetic(ast, left, right));
  if (time) return time;
  for (const Typed* operand : {left.get(), right.get()}) {
    if (operand->untyped_null || IsNumeric(operand->type)) continue;
    std::string remedy;
    if (operand->type == kStringType) remedy = CastRemedy(*operand, kFloat64Type);
    if (operand->type == kBoolType) remedy = CastRemedy(*operand, kInt64Type);
    if (operand->type == kStringType && ast.name == "+") {
      remedy += ", or join texts with ||";
    }
    if (operand->type == kTimestampType) {
      remedy = "write epoch(x) for the seconds of a time";
    }
    return ErrorAtNode(*operand->source,
                       "'" + ast.name + "' expects numbers, found " + DescribeType(*operand),
                       std::move(remedy));
  }
  if (left->untyped_null && right->untyped_null) {
    EXPRESSION_ASSIGN_OR_RETURN(left, Coerce(std::move(left), kInt64Type));
  }
  const bool has_float = (!left->untyped_null && IsFloat(left->type)) ||
                         (!right->untyped_null && IsFloat(right->type));
  const bool ints = !has_float && op->ints != nullptr;
  const Type type = ints ? kInt64Type : kFloat64Type;
  EXPRESSION_ASSIGN_OR_RETURN(left, Coerce(std::move(left), type));
  EXPRESSION_ASSIGN_OR_RETURN(right, Coerce(std::move(right), type));
  return Apply(ast, type, ints ? op->ints : op->doubles, ints ? op->ints_fail : op->doubles_fail,
               std::move(left), std::move(right));
}

// timestamp - timestamp, timestamp +- microseconds, microseconds + timestamp.
TypedResult TypeChecker::TimeArithmetic(const Ast& ast, TypedNode& left, TypedNode& right) {
  const bool plus = ast.name == "+";
  const bool left_time = !left->untyped_null && left->type == kTimestampType;
  const bool right_time = !right->untyped_null && right->type == kTimestampType;
  if ((!plus && ast.name != "-") || (!left_time && !right_time)) return nullptr;
  const Operation operation = plus ? operations::AddInt : operations::SubtractInt;
  const auto is_interval = [](const Typed& node) {
    return node.untyped_null || IsInteger(node.type);
  };
  if (!plus && right_time && (left_time || CanCoerce(*left, kTimestampType))) {
    EXPRESSION_ASSIGN_OR_RETURN(left, Coerce(std::move(left), kTimestampType));
    return Apply(ast, kInt64Type, operation, true, std::move(left), std::move(right));
  }
  if (!plus && left_time && IsStringLiteral(*right)) {
    EXPRESSION_ASSIGN_OR_RETURN(right, Coerce(std::move(right), kTimestampType));
    return Apply(ast, kInt64Type, operation, true, std::move(left), std::move(right));
  }
  if (left_time && is_interval(*right)) {
    EXPRESSION_ASSIGN_OR_RETURN(right, Coerce(std::move(right), kInt64Type));
    return Apply(ast, kTimestampType, operation, true, std::move(left), std::move(right));
  }
  if (plus && right_time && is_interval(*left)) {
    EXPRESSION_ASSIGN_OR_RETURN(left, Coerce(std::move(left), kInt64Type));
    return Apply(ast, kTimestampType, operation, true, std::move(left), std::move(right));
  }
  return ErrorAtNode(
      ast, "'" + ast.name + "' cannot join " + DescribeType(*left) + " and " + DescribeType(*right),
      "add or subtract an interval: " + std::string("ts ") + ast.name + " interval '1 hour'");
}

TypedResult TypeChecker::Join(const Ast& ast, TypedNode left, TypedNode right) {
  Type type = kStringType;
  for (const Typed* operand : {left.get(), right.get()}) {
    if (!operand->untyped_null && operand->type == kBytesType) type = kBytesType;
  }
  for (const Typed* operand : {left.get(), right.get()}) {
    if (CanCoerce(*operand, type)) continue;
    return ErrorAtNode(*operand->source, "'||' joins texts, found " + DescribeType(*operand),
                       CastRemedy(*operand, type));
  }
  EXPRESSION_ASSIGN_OR_RETURN(left, Coerce(std::move(left), type));
  EXPRESSION_ASSIGN_OR_RETURN(right, Coerce(std::move(right), type));
  return Apply(ast, type, operations::JoinTwo, true, std::move(left), std::move(right));
}

TypedResult TypeChecker::Cast(const Ast& ast) {
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode operand, Check(*ast.children[0]));
  const Type to = ast.cast_type;
  if (operand->untyped_null) return Coerce(std::move(operand), to);
  Operation operation = nullptr;
  bool can_fail = false;
  if (!operations::FindCast(operand->type, to, &operation, &can_fail)) {
    std::string remedy;
    if (operand->type == kTimestampType) remedy = "write epoch(x), epoch_ms(x) or epoch_us(x)";
    if (to == kTimestampType)
      remedy = "write to_timestamp(x), to_timestamp_ms(x) or to_timestamp_us(x)";
    return ErrorAtNode(ast, "cannot cast " + DescribeType(*operand) + " to " + TypeName(to),
                       std::move(remedy));
  }
  return Apply(ast, to, operation, can_fail, std::move(operand));
}

TypedResult TypeChecker::Condition(const Ast& ast, std::string_view where) {
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode node, Check(ast));
  return AsBool(std::move(node), where);
}

TypedResult TypeChecker::AsBool(TypedNode node, std::string_view where) {
  if (node->untyped_null || node->type == kBoolType) return Coerce(std::move(node), kBoolType);
  return ErrorAtNode(
      *node->source, std::string(where) + " expects a bool, found " + DescribeType(*node),
      IsNumeric(node->type) ? "compare it, as in x <> 0" : "compare it, as in x = 'value'");
}

TypedResult TypeChecker::Negated(const Ast& ast, bool negated, TypedNode node) {
  if (!negated) return node;
  return Apply(ast, kBoolType, operations::Not, false, std::move(node));
}

TypedResult CheckTypes(const Ast& ast, const Scope& scope) {
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode root, TypeChecker(scope).Check(ast));
  if (root->untyped_null) {
    return ErrorAtNode(ast, "the type of this null is not known",
                       "write cast(null as float64), or the type that you mean");
  }
  return root;
}

}  // namespace skewless
