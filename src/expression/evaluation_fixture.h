// Tests' way to the value of a text: parse, compile, evaluate one row.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "expression/expression.h"
#include "model/value.h"

namespace skewless {

class Evaluation {
 public:
  struct Input {
    std::string name;
    Value value;
  };
  explicit Evaluation(std::vector<Input> inputs = {}) : inputs_(std::move(inputs)) {}

  Scope scope() const {
    Scope scope;
    for (const Input& input : inputs_) scope.push_back({input.name, input.value.type});
    return scope;
  }

  // The value, as FormatValue shows it; "error: ..." where the text is wrong.
  std::string Show(const std::string& text) {
    const auto ast = ParseExpression(text);
    if (!ast) return "error: " + ast.error().message;
    const auto program = CompileExpression(**ast, scope());
    if (!program) return "error: " + program.error().message;
    std::vector<Column> columns(inputs_.size());
    std::vector<const Column*> pointers;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      columns[i].type = inputs_[i].value.type;
      AppendValue(columns[i], inputs_[i].value.view());
      pointers.push_back(&columns[i]);
    }
    scratch_.counts = {};
    type = program->type();
    return FormatValue(ValueAt(program->Evaluate(pointers, 1, scratch_), 0));
  }

  const EvaluationCounts& counts() const { return scratch_.counts; }
  Type type;  // of the last one

 private:
  std::vector<Input> inputs_;
  EvaluationScratch scratch_;
};

}  // namespace skewless
