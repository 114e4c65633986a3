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
  kLiteral,   // value (a bare NULL has valid = false and is typed by its surroundings)
  kColumn,    // name
  kUnary,     // name: "-", "not"
  kBinary,    // name: + - * / // % || = <> < <= > >= and or
  kIsNull,    // children[0] is [not] null; negated
  kIn,        // children[0] [not] in (children[1..]); negated
  kBetween,   // children[0] [not] between children[1] and children[2]; negated
  kLike,      // children[0] [not] like children[1]; negated
  kCase,      // searched or simple; see has_operand, has_else
  kCast,      // cast(children[0] as cast_type)
  kCall,      // name(children...), lower case
};

struct Ast {
  AstKind kind = AstKind::kLiteral;
  size_t offset = 0;  // where it stands in the text
  size_t length = 0;
  std::string name;
  Value value;
  Type cast_type;
  bool negated = false;
  bool is_star = false;      // count(*): a kCall with no children
  bool has_operand = false;  // kCase: children[0] is the operand
  bool has_else = false;     // kCase: the last child is the else
  std::vector<std::unique_ptr<Ast>> children;  // kCase: [operand] (when, then)* [else]
};

}  // namespace skewless
