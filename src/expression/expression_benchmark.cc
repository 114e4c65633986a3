// Cost per row of expressions, over one row (serving) and over batches; and of compiling.
#include <benchmark/benchmark.h>

#include <random>

#include "base/check.h"
#include "expression/expression.h"
#include "model/column.h"

namespace skewless {
namespace {

const Scope& Columns() {
  static const Scope scope = {
      {"a", {TypeKind::kInt64, false}},   {"b", {TypeKind::kInt64, false}},
      {"x", {TypeKind::kFloat64, false}}, {"y", {TypeKind::kFloat64, false}},
      {"s", {TypeKind::kString, false}},  {"at", {TypeKind::kTimestamp, false}},
  };
  return scope;
}

struct Rows {
  std::vector<Column> columns;
  std::vector<const Column*> pointers;

  explicit Rows(size_t rows) : columns(Columns().size()) {
    constexpr std::string_view kKinds[] = {"click", "buy", "view", "add-to-basket"};
    std::mt19937_64 random(1);
    for (size_t c = 0; c < columns.size(); ++c) columns[c].type = Columns()[c].type;
    for (size_t i = 0; i < rows; ++i) {
      columns[0].AppendInt(static_cast<int64_t>(random() % 1000));
      columns[1].AppendInt(static_cast<int64_t>(random() % 10 + 1));
      columns[2].AppendDouble(static_cast<double>(random() % 10000) / 100);
      random() % 16 == 0 ? columns[3].AppendNull() : columns[3].AppendDouble(1.5);
      columns[4].AppendString(kKinds[random() % 4]);
      columns[5].AppendInt(static_cast<int64_t>(random() % 1'600'000'000'000'000));
    }
    for (const Column& column : columns) pointers.push_back(&column);
  }
};

Program Compile(const char* text) {
  const auto ast = ParseExpression(text);
  SKEWLESS_CHECK(ast.has_value());
  auto program = CompileExpression(**ast, Columns());
  SKEWLESS_CHECK(program.has_value());
  return std::move(*program);
}

void Evaluate(benchmark::State& state, const char* text) {
  const auto count = static_cast<size_t>(state.range(0));
  const Rows rows(count);
  const Program program = Compile(text);
  EvaluationScratch scratch;
  for (auto _ : state) {
    benchmark::DoNotOptimize(program.Evaluate(rows.pointers, count, scratch).valid.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

#define EXPRESSION(name, text) BENCHMARK_CAPTURE(Evaluate, name, text)->Arg(1)->Arg(1024)->Arg(8192)
EXPRESSION(column, "x");
EXPRESSION(add_ints, "a + b");
EXPRESSION(compare, "x >= 0");
EXPRESSION(ratio, "x / nullif(b, 0)");
EXPRESSION(arithmetic_of_five, "(x + y) * 2.0 - x * y / 3.0");
EXPRESSION(where, "x >= 0 and a < 500 and y is not null");
EXPRESSION(text_equals, "s = 'click'");
EXPRESSION(text_in, "s in ('click', 'buy', 'view')");
EXPRESSION(like_prefix, "s like 'cl%'");
EXPRESSION(lower, "lower(s)");
EXPRESSION(case_of_three, "case when a > 900 then x when a > 500 then y else 0.0 end");
EXPRESSION(hour, "hour(at)");
EXPRESSION(month, "month(at)");
EXPRESSION(natural_log, "ln(x + 1.0)");
#undef EXPRESSION

void ParseAndCompile(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(Compile("x >= 0 and a < 500 and s in ('click', 'buy')").type());
  }
}
BENCHMARK(ParseAndCompile);

}  // namespace
}  // namespace skewless
