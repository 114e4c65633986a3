// Random expressions over random rows: the compiled evaluator against the oracle, bit by bit.
#include <gtest/gtest.h>

#include <memory>

// The oracle lives with the tests of the whole product; it is reached from the include path src/.
#include <../tests/oracle/expression_oracle.h>

#include "expression/expression.h"
#include "expression/random_expression_fixture.h"
#include "model/column.h"

namespace skewless {
namespace {

using Row = std::vector<Value>;

std::vector<Column> ColumnsOf(const std::vector<Row>& rows) {
  const Scope& scope = RandomExpression::Columns();
  std::vector<Column> columns(scope.size());
  for (size_t c = 0; c < scope.size(); ++c) {
    columns[c].type = scope[c].type;
    for (const Row& row : rows) AppendValue(columns[c], row[c].view());
  }
  return columns;
}

Value ColumnValue(const Row& row, std::string_view name) {
  const Scope& scope = RandomExpression::Columns();
  for (size_t c = 0; c < scope.size(); ++c) {
    if (scope[c].name == name) return row[c];
  }
  ADD_FAILURE() << "no column " << name;
  return {};
}

std::string ShowRow(const Row& row, const Program& program) {
  std::string text;
  for (const int input : program.inputs()) {
    const auto c = static_cast<size_t>(input);
    text += "  " + RandomExpression::Columns()[c].name + " = " + FormatValue(row[c].view()) + "\n";
  }
  return text;
}

bool SameCounts(const EvaluationCounts& a, const EvaluationCounts& b) {
  return a.overflow == b.overflow && a.division_by_zero == b.division_by_zero &&
         a.domain == b.domain;
}

// Compares all rows; false after the first difference, which has been reported.
bool Agree(const Ast& ast, const Program& program, const std::vector<Row>& rows,
           EvaluationScratch& scratch) {
  const std::vector<Column> columns = ColumnsOf(rows);
  std::vector<const Column*> inputs(columns.size(), nullptr);
  for (const int input : program.inputs()) {
    inputs[static_cast<size_t>(input)] = &columns[static_cast<size_t>(input)];
  }
  scratch.counts = {};
  const Column& result = program.Evaluate(inputs, rows.size(), scratch);
  EvaluationCounts expected_counts;
  for (size_t i = 0; i < rows.size(); ++i) {
    const Value expected = oracle::EvaluateAst(
        ast, [&](std::string_view name) { return ColumnValue(rows[i], name); }, &expected_counts);
    const ValueView actual = ValueAt(result, i);
    if (SameBits(expected.view(), actual)) continue;
    ADD_FAILURE() << CanonicalText(ast) << "\n  expected " << TypeName(expected.type) << " "
                  << FormatValue(expected.view()) << "\n  found    " << TypeName(actual.type) << " "
                  << FormatValue(actual) << "\n"
                  << ShowRow(rows[i], program);
    return false;
  }
  if (SameCounts(scratch.counts, expected_counts)) return true;
  ADD_FAILURE() << CanonicalText(ast) << "\n  counts differ over " << rows.size()
                << " rows: overflow " << expected_counts.overflow
                << " != " << scratch.counts.overflow << ", division "
                << expected_counts.division_by_zero << " != " << scratch.counts.division_by_zero
                << ", domain " << expected_counts.domain << " != " << scratch.counts.domain << "\n"
                << ShowRow(rows[0], program);
  return false;
}

TEST(ExpressionProperty, CompiledProgramsAgreeWithTheOracle) {
  EvaluationScratch scratch;
  int compiled = 0;
  for (uint64_t seed = 1; seed <= 4000; ++seed) {
    RandomExpression random(seed);
    const std::string text = random.Text(static_cast<int>(1 + seed % 4));
    const auto ast = ParseExpression(text);
    ASSERT_TRUE(ast) << text << "\n" << ast.error().message << " at " << ast.error().offset;
    const std::string canonical = CanonicalText(**ast);
    const auto again = ParseExpression(canonical);
    ASSERT_TRUE(again) << canonical << "\n" << again.error().message;
    ASSERT_TRUE(SameTree(**ast, **again)) << text << "\n" << canonical;
    ASSERT_EQ(CanonicalText(**again), canonical);
    const auto program = CompileExpression(**ast, RandomExpression::Columns());
    if (!program) {
      // Only a bare null leaves a type open.
      ASSERT_NE(canonical.find("null"), std::string::npos)
          << text << "\n"
          << program.error().message << " at " << program.error().offset;
      continue;
    }
    ++compiled;
    // Mostly few rows; sometimes several blocks.
    std::vector<Row> rows(seed % 16 == 0 ? 700 : 1 + seed % 9);
    for (Row& row : rows) row = random.Row();
    ASSERT_TRUE(Agree(**ast, *program, rows, scratch)) << "seed " << seed << ": " << text;
  }
  EXPECT_GT(compiled, 3500);
}

}  // namespace
}  // namespace skewless
