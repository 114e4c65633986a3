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

// Every operator and function by itself, over columns.
std::vector<std::string> SimpleTexts() {
  std::vector<std::string> texts = {"-n",
                                    "-x",
                                    "not b",
                                    "n is null",
                                    "b is not true",
                                    "b is false",
                                    "n is distinct from m",
                                    "x is not distinct from y",
                                    "s is distinct from view:t",
                                    "n in (0, 1, -1, m)",
                                    "x in (0.5, y, 1)",
                                    "x in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0.5, -1)",
                                    "s in ('a', 'ab', null)",
                                    "x between y and f",
                                    "n not between i and m",
                                    "s between view:t and 'b'",
                                    "s like view:t",
                                    "s ilike view:t",
                                    "s not like '%a%'",
                                    "s like 'a%'",
                                    "s like '%b'",
                                    "s like '_b%'",
                                    "s ilike 'äÖ_'",
                                    "s || view:t",
                                    "\"raw data\" || 'x'",
                                    "at - at2",
                                    "at + n",
                                    "at - n",
                                    "n + at",
                                    "round(n, i)",
                                    "round(x, i)",
                                    "round(x, n)",
                                    "mod(n, m)",
                                    "mod(x, y)",
                                    "power(x, y)",
                                    "power(n, i)",
                                    "atan2(x, y)",
                                    "coalesce(n, m)",
                                    "coalesce(x, n)",
                                    "coalesce(s, view:t)",
                                    "nullif(n, m)",
                                    "nullif(x, n)",
                                    "nullif(s, view:t)",
                                    "least(x, y, f)",
                                    "greatest(x, y, f)",
                                    "least(n, m)",
                                    "greatest(s, view:t)",
                                    "if(b, x, n)",
                                    "if(b, s, 'no')",
                                    "case when b then at when b2 then at2 end",
                                    "case n when m then x when 0 then y else -1 end",
                                    "case s when view:t then 1 when 'a' then 2 end",
                                    "element_at(ns, i)",
                                    "element_at(xs, 1)",
                                    "element_at(ss, -1)",
                                    "list_contains(ns, x)",
                                    "list_contains(xs, 1)",
                                    "list_contains(ss, s)",
                                    "length(ns)",
                                    "length(\"raw data\")",
                                    "substr(s, i)",
                                    "substr(s, i, n)",
                                    "substr(s, 2, 2)",
                                    "replace(s, view:t, 'x')",
                                    "replace(s, 'a', view:t)",
                                    "concat(s, null, view:t)",
                                    "left(s, i)",
                                    "right(s, i)",
                                    "left(s, -1)",
                                    "right(s, -1)",
                                    "lpad(s, 5)",
                                    "rpad(s, 5, view:t)",
                                    "lpad(s, i, 'ß€')",
                                    "split_part(s, 'a', 2)",
                                    "split_part(s, view:t, i)",
                                    "split_part(s, ',', -2)",
                                    "hash64(b)",
                                    "hash64(i)",
                                    "hash64(at)",
                                    "hash64(\"raw data\")",
                                    "to_timestamp(n)",
                                    "to_timestamp(x)",
                                    "to_timestamp_ms(n)",
                                    "to_timestamp_us(n)"};
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"n", "m"}, {"i", "n"}, {"x", "y"}, {"f", "y"}, {"n", "x"}, {"x", "2"}, {"7", "n"}};
  for (const auto& [a, b] : pairs) {
    for (const char* op : {" + ", " - ", " * ", " / ", " // ", " % "}) texts.push_back(a + op + b);
  }
  for (const char* op : {" = ", " <> ", " < ", " <= ", " > ", " >= "}) {
    for (const auto& [a, b] : pairs) texts.push_back(a + op + b);
    for (const char* sides : {"b b2", "s view:t", "at at2"}) {
      const std::string both = sides;
      texts.push_back(both.substr(0, both.find(' ')) + op + both.substr(both.find(' ') + 1));
    }
    texts.push_back(std::string("at") + op + "'2013-01-01'");
    texts.push_back(std::string("\"raw data\"") + op + "'a'");
  }
  for (const char* op : {" and ", " or "}) texts.push_back(std::string("b") + op + "b2");
  for (const char* name :
       {"abs",  "sign",    "ceil",    "floor", "round",    "trunc", "sqrt",  "exp",
        "ln",   "log",     "log2",    "sin",   "cos",      "tan",   "asin",  "acos",
        "atan", "radians", "degrees", "isnan", "isfinite", "isinf", "hash64"}) {
    for (const char* column : {"n", "x", "f"}) {
      texts.push_back(std::string(name) + "(" + column + ")");
    }
  }
  for (const char* name :
       {"length", "lower", "upper", "trim", "ltrim", "rtrim", "reverse", "hash64"}) {
    texts.push_back(std::string(name) + "(s)");
  }
  for (const char* name : {"starts_with", "ends_with", "contains", "strpos"}) {
    texts.push_back(std::string(name) + "(s, view:t)");
  }
  for (const char* name : {"year", "quarter", "month", "week", "day", "hour", "minute", "second",
                           "dayofweek", "dayofyear", "epoch", "epoch_ms", "epoch_us"}) {
    texts.push_back(std::string(name) + "(at)");
  }
  for (const char* unit : {"microsecond", "millisecond", "second", "minute", "hour", "day", "week",
                           "month", "quarter", "year"}) {
    texts.push_back("date_trunc('" + std::string(unit) + "', at)");
    texts.push_back("date_part('" + std::string(unit) + "', at)");
  }
  for (const char* unit : {"isodow", "isoyear", "dow", "doy", "epoch"}) {
    texts.push_back("extract(" + std::string(unit) + " from at)");
  }
  for (const char* column : {"b", "i", "n", "f", "x", "s"}) {
    for (const char* type : {"bool", "int32", "int64", "float32", "float64", "string"}) {
      texts.push_back("cast(" + std::string(column) + " as " + type + ")");
    }
  }
  for (const char* text : {"s::timestamp", "at::string", "s::bytes", "\"raw data\"::string"}) {
    texts.emplace_back(text);
  }
  return texts;
}

TEST(ExpressionProperty, EveryOperationAgreesWithTheOracle) {
  EvaluationScratch scratch;
  uint64_t seed = 0;
  for (const std::string& text : SimpleTexts()) {
    const auto ast = ParseExpression(text);
    ASSERT_TRUE(ast) << text << "\n" << ast.error().message;
    const auto program = CompileExpression(**ast, RandomExpression::Columns());
    ASSERT_TRUE(program) << text << "\n" << program.error().message;
    RandomExpression random(++seed);
    std::vector<Row> rows(600);
    for (Row& row : rows) row = random.Row();
    EXPECT_TRUE(Agree(**ast, *program, rows, scratch));
  }
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
