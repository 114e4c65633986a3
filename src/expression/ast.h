// The tree that the parser makes. Plain data: the type checker, the compiler, the printer and the
// tests' own evaluator each walk it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "model/value.h"

namespace skewless {

enum class AstKind {
  kLiteral,     // value (a bare NULL has valid = false and is typed by its surroundings)
  kColumn,      // name
  kUnary,       // name: "-", "not"
  kBinary,      // name: + - * / // % || = <> < <= > >= and or
  kIsNull,      // children[0] is [not] null; negated
  kIsTruth,     // children[0] is [not] true or false (which: value); negated
  kIsDistinct,  // children[0] is [not] distinct from children[1]; negated
  kIn,          // children[0] [not] in (children[1..]); negated
  kBetween,     // children[0] [not] between children[1] and children[2]; negated
  kLike,        // children[0] [not] like children[1]; name: "like", "ilike"; negated
  kCase,        // searched or simple; see has_operand, has_else
  kCast,        // cast(children[0] as cast_type)
  kCall,        // name(children...), lower case, by its main name ("power" also for pow)
};

// Limits of a text, so that every walk over the tree may be a plain recursion.
inline constexpr size_t kMaxExpressionBytes = size_t{64} << 10;
inline constexpr int kMaxExpressionDepth = 200;  // of the tree
// Canonical text writes at most two parentheses a level, and must parse.
inline constexpr int kMaxParentheses = 2 * kMaxExpressionDepth;

struct Ast {
  AstKind kind = AstKind::kLiteral;
  size_t offset = 0;  // of the token that stands for it: the operator, the name, the literal
  size_t length = 0;
  std::string name;
  Value value;
  Type cast_type;
  bool negated = false;
  bool is_star = false;                        // count(*): a kCall with no children
  bool has_operand = false;                    // kCase: children[0] is the operand
  bool has_else = false;                       // kCase: the last child is the else
  int height = 1;                              // levels of the tree from here down
  std::vector<std::unique_ptr<Ast>> children;  // kCase: [operand] (when, then)* [else]
};

// The same tree, wherever it stands in its text.
bool SameTree(const Ast& a, const Ast& b);

}  // namespace skewless
