// The type checker's parts: operators (type_check.cc), predicates and case (check_predicates.cc),
// calls (check_calls.cc), and conversions (coerce.cc).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "expression/functions.h"
#include "expression/operations.h"
#include "expression/typed.h"

namespace skewless {

inline constexpr Type kBoolType{TypeKind::kBool, false};
inline constexpr Type kInt64Type{TypeKind::kInt64, false};
inline constexpr Type kFloat64Type{TypeKind::kFloat64, false};
inline constexpr Type kStringType{TypeKind::kString, false};
inline constexpr Type kBytesType{TypeKind::kBytes, false};
inline constexpr Type kTimestampType{TypeKind::kTimestamp, false};

class TypeChecker {
 public:
  explicit TypeChecker(const Scope& scope) : scope_(scope) {}
  TypedResult Check(const Ast& ast);

 private:
  using Nodes = std::vector<TypedNode>;

  TypedResult Literal(const Ast& ast);
  TypedResult Column(const Ast& ast);
  TypedResult Unary(const Ast& ast);
  TypedResult Binary(const Ast& ast);
  TypedResult Arithmetic(const Ast& ast, TypedNode left, TypedNode right);
  // Null where the operands are no times.
  TypedResult TimeArithmetic(const Ast& ast, TypedNode& left, TypedNode& right);
  TypedResult Join(const Ast& ast, TypedNode left, TypedNode right);
  TypedResult Is(const Ast& ast);
  TypedResult Distinct(const Ast& ast);
  TypedResult In(const Ast& ast);
  TypedResult Between(const Ast& ast);
  TypedResult LikeMatch(const Ast& ast);
  TypedResult Case(const Ast& ast);
  TypedResult Cast(const Ast& ast);
  TypedResult Call(const Ast& ast);

  TypedResult CallOverload(const Ast& ast, Nodes arguments);
  TypedResult Special(const Ast& ast, Nodes& arguments);  // null where the name is no special one
  TypedResult CoalesceCall(const Ast& ast, Nodes arguments);
  TypedResult NullIfCall(const Ast& ast, Nodes arguments);
  TypedResult ExtremeCall(const Ast& ast, Nodes arguments);
  TypedResult IfCall(const Ast& ast, Nodes arguments);
  TypedResult ConcatCall(const Ast& ast, Nodes arguments);
  TypedResult TimeUnitCall(const Ast& ast, Nodes arguments);
  TypedResult ListContainsCall(const Ast& ast, Nodes arguments);
  TypedResult ElementAtCall(const Ast& ast, Nodes arguments);

  TypedResult Compare(const Ast& ast, operations::Comparison comparison, TypedNode left,
                      TypedNode right);
  TypedResult Condition(const Ast& ast, std::string_view where);
  static TypedResult AsBool(TypedNode node, std::string_view where);
  static TypedResult Negated(const Ast& ast, bool negated, TypedNode node);

  // The type that all can be taken to, or nothing. Bare nulls fit everything.
  static std::optional<Type> CommonType(const std::vector<const Typed*>& nodes);
  static ExpressionResult<Type> CommonTypeOrError(const Ast& ast,
                                                  const std::vector<const Typed*>& nodes,
                                                  std::string_view what);
  static bool CanCoerce(const Typed& node, Type type);
  // `node` under a type that CommonType or CanCoerce allowed.
  static TypedResult Coerce(TypedNode node, Type type);

  const Scope& scope_;
};

TypedNode Apply(const Ast& source, Type type, Operation operation, bool can_fail, TypedNode a);
TypedNode Apply(const Ast& source, Type type, Operation operation, bool can_fail, TypedNode a,
                TypedNode b);
TypedNode SharedOf(const Typed& let, const Ast& source);

// Fits where a timestamp or bytes are wanted, too.
bool IsStringLiteral(const Typed& node);

// "float64", or "null".
std::string DescribeType(const Typed& node);
// "write cast(price as string)", for an error's remedy.
std::string CastRemedy(const Typed& node, Type type);

}  // namespace skewless
