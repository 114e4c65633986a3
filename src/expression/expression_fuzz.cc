// Any text: parsing, printing, checking and evaluating must neither crash nor disagree.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "expression/expression.h"
#include "expression/random_expression_fixture.h"
#include "model/column.h"

namespace skewless {
namespace {

constexpr size_t kRows = 5;

struct Rows {
  std::vector<std::vector<Value>> values;
  std::vector<Column> columns;
  std::vector<const Column*> pointers;

  Rows() {
    RandomExpression random(1);
    for (size_t i = 0; i < kRows; ++i) values.push_back(random.Row());
    const Scope& scope = RandomExpression::Columns();
    columns.resize(scope.size());
    for (size_t c = 0; c < scope.size(); ++c) {
      columns[c].type = scope[c].type;
      for (const std::vector<Value>& row : values) AppendValue(columns[c], row[c].view());
      pointers.push_back(&columns[c]);
    }
  }
};

void CheckText(std::string_view text) {
  const auto ast = ParseExpression(text);
  if (!ast) {
    SKEWLESS_CHECK(ast.error().offset <= text.size());
    return;
  }
  const std::string canonical = CanonicalText(**ast);
  if (canonical.size() <= kMaxExpressionBytes) {
    const auto again = ParseExpression(canonical);
    SKEWLESS_CHECK(again.has_value());
    SKEWLESS_CHECK(SameTree(**ast, **again));
  }
  const auto program = CompileExpression(**ast, RandomExpression::Columns());
  if (!program) return;
  static const Rows rows;
  static EvaluationScratch scratch;
  const Column& result = program->Evaluate(rows.pointers, kRows, scratch);
  SKEWLESS_CHECK(result.type == program->type());
  for (size_t i = 0; i < kRows; ++i) FormatValue(ValueAt(result, i));
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  skewless::CheckText({reinterpret_cast<const char*>(data), size});
  return 0;
}
