// The expression language: SQL's expressions with SQL's null logic. One parser, one type checker
// and one compiled evaluator serve `where`, `filter`, `derived`, `request` and the arguments of
// aggregates.
//
//   text --Parse--> Ast --Compile(scope)--> Program --Evaluate(columns)--> Column
//
// Decisions that SQL leaves open: `/` is always float64; `//` is integer division truncating toward
// zero; integer arithmetic is int64; integer overflow, division by zero, a failed cast and a domain
// error of a function give null and are counted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expression/ast.h"
#include "model/column.h"
#include "model/type.h"

namespace skewless {

// An error inside an expression's text, relative to it: the definition adds file and line.
struct ExpressionError {
  size_t offset = 0;  // byte offset in the text
  size_t length = 1;  // bytes to underline
  std::string message;
  std::string remedy;
};

template <typename T>
using ExpressionResult = tl::expected<T, ExpressionError>;

// The whole text must be one expression.
ExpressionResult<std::unique_ptr<Ast>> ParseExpression(std::string_view text);

// A column that an expression may name. Names may be qualified: "user_activity:spend_1h".
struct ScopeColumn {
  std::string name;
  Type type;
};
using Scope = std::vector<ScopeColumn>;

// What evaluations counted. Every evaluation adds to its scratch's counts; the caller takes them
// into its metrics and resets them. Only rows count whose value SQL would need: in
// `case when b <> 0 then a // b end`, no row divides by zero.
struct EvaluationCounts {
  int64_t overflow = 0;
  int64_t division_by_zero = 0;
  int64_t domain = 0;  // log(-1), a failed cast, a bad pattern
};

// Scratch of one thread: registers and string memory, reused between calls.
class EvaluationScratch {
 public:
  EvaluationScratch();
  ~EvaluationScratch();
  EvaluationScratch(const EvaluationScratch&) = delete;
  EvaluationScratch& operator=(const EvaluationScratch&) = delete;
  EvaluationCounts counts;

 private:
  friend class Program;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A type-checked, compiled expression. Immutable, shared by threads; each brings its scratch.
class Program {
 public:
  ~Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;

  Type type() const;
  // Indices into the scope that the program reads, ascending, each once.
  const std::vector<int>& inputs() const;

  // Evaluates rows [0, rows). `columns[i]` is the scope's i-th column, or null where inputs() lacks
  // i. The result stays valid until `scratch` is used for the next evaluation or destroyed, or the
  // input columns change; its texts may point into the inputs, the scratch or this program. A plain
  // column is returned as it is (and may be longer than `rows`). Allocates nothing once warm.
  const Column& Evaluate(std::span<const Column* const> columns, size_t rows,
                         EvaluationScratch& scratch) const;

 private:
  friend ExpressionResult<Program> CompileExpression(const Ast&, const Scope&);
  struct Impl;
  explicit Program(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

ExpressionResult<Program> CompileExpression(const Ast& ast, const Scope& scope);

// SQL text that parses back to an equal tree: fully parenthesised, one spelling. Equal expressions
// of a view share an accumulator by it.
std::string CanonicalText(const Ast& ast);

}  // namespace skewless
