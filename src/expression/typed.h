// The tree after type checking: every name resolved, every conversion written out, every operation
// chosen. The compiler only has to lay it out.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "expression/expression.h"
#include "expression/operation.h"

namespace skewless {

enum class TypedKind {
  kConstant,  // value
  kColumn,    // column of the scope
  kApply,     // operation over children; null operation: the child's own values
  kAnd,       // children in order; failures of a later one count only where it decides
  kOr,
  kCoalesce,
  kCase,    // (condition, value)* [else], searched
  kLet,     // children[0] is evaluated once, kShared in children[1] stands for it
  kShared,  // shared: the kLet
};

struct Typed {
  TypedKind kind = TypedKind::kConstant;
  Type type;
  bool untyped_null = false;  // a bare null whose surroundings decide
  Value value;
  int column = -1;
  Operation operation = nullptr;
  bool can_fail = false;  // this or anything below
  bool has_else = false;
  std::shared_ptr<const Payload> payload;
  const Typed* shared = nullptr;
  std::vector<std::unique_ptr<Typed>> children;
  const Ast* source = nullptr;
};

using TypedNode = std::unique_ptr<Typed>;
using TypedResult = ExpressionResult<TypedNode>;

inline TypedNode NewTyped(TypedKind kind, Type type, const Ast& source) {
  auto node = std::make_unique<Typed>();
  node->kind = kind;
  node->type = type;
  node->source = &source;
  return node;
}

inline void AddChild(Typed& parent, TypedNode child) {
  parent.can_fail |= child->can_fail;
  parent.children.push_back(std::move(child));
}

// Resolves and types a whole tree.
TypedResult CheckTypes(const Ast& ast, const Scope& scope);

}  // namespace skewless
