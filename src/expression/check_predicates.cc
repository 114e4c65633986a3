// Types of comparisons, in, between, like, is and case.
#include <utility>

#include "expression/errors.h"
#include "expression/type_check.h"

namespace skewless {

using operations::Comparison;

TypedResult TypeChecker::Compare(const Ast& ast, Comparison comparison, TypedNode left,
                                 TypedNode right) {
  EXPRESSION_ASSIGN_OR_RETURN(const Type type,
                              CommonTypeOrError(ast, {left.get(), right.get()}, "compare"));
  EXPRESSION_ASSIGN_OR_RETURN(left, Coerce(std::move(left), type));
  EXPRESSION_ASSIGN_OR_RETURN(right, Coerce(std::move(right), type));
  return Apply(ast, kBoolType, operations::CompareOperation(comparison, PhysicalOf(type)), false,
               std::move(left), std::move(right));
}

TypedResult TypeChecker::Distinct(const Ast& ast) {
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode left, Check(*ast.children[0]));
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode right, Check(*ast.children[1]));
  EXPRESSION_ASSIGN_OR_RETURN(const Type type,
                              CommonTypeOrError(ast, {left.get(), right.get()}, "compare"));
  EXPRESSION_ASSIGN_OR_RETURN(left, Coerce(std::move(left), type));
  EXPRESSION_ASSIGN_OR_RETURN(right, Coerce(std::move(right), type));
  return Apply(ast, kBoolType, operations::DistinctOperation(ast.negated, PhysicalOf(type)), false,
               std::move(left), std::move(right));
}

TypedResult TypeChecker::Is(const Ast& ast) {
  if (ast.kind == AstKind::kIsTruth) {
    const bool truth = ast.value.int_value != 0;
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode operand,
                                Condition(*ast.children[0], truth ? "'is true'" : "'is false'"));
    const Operation positive = truth ? operations::IsTrue : operations::IsFalse;
    const Operation negative = truth ? operations::IsNotTrue : operations::IsNotFalse;
    return Apply(ast, kBoolType, ast.negated ? negative : positive, false, std::move(operand));
  }
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode operand, Check(*ast.children[0]));
  operand->untyped_null = false;  // any type will do
  return Apply(ast, kBoolType, ast.negated ? operations::IsNotNull : operations::IsNull, false,
               std::move(operand));
}

// Literals become one search; what is computed is compared in order, as far as needed.
TypedResult TypeChecker::In(const Ast& ast) {
  std::vector<TypedNode> nodes;
  std::vector<const Typed*> views;
  for (const auto& child : ast.children) {
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode node, Check(*child));
    views.push_back(node.get());
    nodes.push_back(std::move(node));
  }
  EXPRESSION_ASSIGN_OR_RETURN(const Type type, CommonTypeOrError(ast, views, "compare"));
  TypedNode let = NewTyped(TypedKind::kLet, kBoolType, ast);
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode subject, Coerce(std::move(nodes[0]), type));
  AddChild(*let, std::move(subject));
  TypedNode any = NewTyped(TypedKind::kOr, kBoolType, ast);
  std::vector<TypedNode> constants;
  std::vector<const Value*> values;
  for (size_t i = 1; i < nodes.size(); ++i) {
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode item, Coerce(std::move(nodes[i]), type));
    if (item->kind == TypedKind::kConstant) {
      values.push_back(&item->value);
      constants.push_back(std::move(item));
      continue;
    }
    AddChild(*any, Apply(ast, kBoolType,
                         operations::CompareOperation(Comparison::kEqual, PhysicalOf(type)), false,
                         SharedOf(*let, ast), std::move(item)));
  }
  if (!values.empty()) {
    TypedNode search = Apply(ast, kBoolType, operations::InSetOperation(PhysicalOf(type)), false,
                             SharedOf(*let, ast));
    search->payload = operations::MakeSet(values, PhysicalOf(type));
    any->children.insert(any->children.begin(), std::move(search));
  }
  TypedNode result = any->children.size() == 1 ? std::move(any->children[0]) : std::move(any);
  EXPRESSION_ASSIGN_OR_RETURN(result, Negated(ast, ast.negated, std::move(result)));
  AddChild(*let, std::move(result));
  return let;
}

TypedResult TypeChecker::Between(const Ast& ast) {
  TypedNode let = NewTyped(TypedKind::kLet, kBoolType, ast);
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode subject, Check(*ast.children[0]));
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode low, Check(*ast.children[1]));
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode high, Check(*ast.children[2]));
  // What is not known by itself takes the type of all three.
  EXPRESSION_ASSIGN_OR_RETURN(
      const Type type, CommonTypeOrError(ast, {subject.get(), low.get(), high.get()}, "compare"));
  if (subject->untyped_null || IsStringLiteral(*subject)) {
    EXPRESSION_ASSIGN_OR_RETURN(subject, Coerce(std::move(subject), type));
  }
  AddChild(*let, std::move(subject));
  TypedNode both = NewTyped(TypedKind::kAnd, kBoolType, ast);
  EXPRESSION_ASSIGN_OR_RETURN(
      TypedNode first,
      Compare(ast, Comparison::kGreaterOrEqual, SharedOf(*let, *ast.children[0]), std::move(low)));
  EXPRESSION_ASSIGN_OR_RETURN(
      TypedNode second,
      Compare(ast, Comparison::kLessOrEqual, SharedOf(*let, *ast.children[0]), std::move(high)));
  AddChild(*both, std::move(first));
  AddChild(*both, std::move(second));
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode result, Negated(ast, ast.negated, std::move(both)));
  AddChild(*let, std::move(result));
  return let;
}

TypedResult TypeChecker::LikeMatch(const Ast& ast) {
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode text, Check(*ast.children[0]));
  EXPRESSION_ASSIGN_OR_RETURN(TypedNode pattern, Check(*ast.children[1]));
  for (const Typed* operand : {text.get(), pattern.get()}) {
    if (CanCoerce(*operand, kStringType)) continue;
    return ErrorAtNode(*operand->source,
                       "'" + ast.name + "' expects a text, found " + DescribeType(*operand),
                       CastRemedy(*operand, kStringType));
  }
  EXPRESSION_ASSIGN_OR_RETURN(text, Coerce(std::move(text), kStringType));
  EXPRESSION_ASSIGN_OR_RETURN(pattern, Coerce(std::move(pattern), kStringType));
  const bool ignore_case = ast.name == "ilike";
  if (IsStringLiteral(*pattern)) {
    if (!IsLikePattern(pattern->value.bytes)) {
      return ErrorAtNode(*pattern->source, "the pattern ends with a lone '\\'",
                         "write '\\\\' for a backslash");
    }
    TypedNode node = Apply(ast, kBoolType, operations::LikePrepared, false, std::move(text));
    node->payload = std::make_shared<LikePayload>(pattern->value.bytes, ignore_case, ast.negated);
    return node;
  }
  return Negated(ast, ast.negated,
                 Apply(ast, kBoolType, ignore_case ? operations::Ilike : operations::Like, true,
                       std::move(text), std::move(pattern)));
}

TypedResult TypeChecker::Case(const Ast& ast) {
  TypedNode let;
  size_t i = 0;
  if (ast.has_operand) {
    let = NewTyped(TypedKind::kLet, Type{}, ast);
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode operand, Check(*ast.children[i++]));
    if (operand->untyped_null) {
      return ErrorAtNode(*operand->source, "this case compares null, which equals nothing",
                         "write case when x is null then ...");
    }
    AddChild(*let, std::move(operand));
  }
  TypedNode node = NewTyped(TypedKind::kCase, Type{}, ast);
  node->has_else = ast.has_else;
  std::vector<TypedNode> conditions;
  std::vector<TypedNode> values;
  std::vector<const Typed*> views;
  for (; i < ast.children.size(); ++i) {
    const bool is_else = i + 1 == ast.children.size() && ast.has_else;
    if (!is_else && let) {
      EXPRESSION_ASSIGN_OR_RETURN(TypedNode when, Check(*ast.children[i]));
      EXPRESSION_ASSIGN_OR_RETURN(when, Compare(*ast.children[i], Comparison::kEqual,
                                                SharedOf(*let, *ast.children[0]), std::move(when)));
      conditions.push_back(std::move(when));
    } else if (!is_else) {
      EXPRESSION_ASSIGN_OR_RETURN(TypedNode when, Condition(*ast.children[i], "'when'"));
      conditions.push_back(std::move(when));
    }
    if (!is_else) ++i;
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode value, Check(*ast.children[i]));
    views.push_back(value.get());
    values.push_back(std::move(value));
  }
  EXPRESSION_ASSIGN_OR_RETURN(node->type, CommonTypeOrError(ast, views, "return"));
  for (size_t k = 0; k < values.size(); ++k) {
    if (k < conditions.size()) AddChild(*node, std::move(conditions[k]));
    EXPRESSION_ASSIGN_OR_RETURN(TypedNode value, Coerce(std::move(values[k]), node->type));
    AddChild(*node, std::move(value));
  }
  if (!let) return node;
  let->type = node->type;
  AddChild(*let, std::move(node));
  return let;
}

}  // namespace skewless
