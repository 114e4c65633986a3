// How programs run: nulls, counts, blocks of rows, memory.
#include <gtest/gtest.h>

#include "expression/allocation_count_fixture.h"
#include "expression/evaluation_fixture.h"
#include "expression/operation.h"

namespace skewless {
namespace {

constexpr Type kInt{TypeKind::kInt64, false};
constexpr Type kFloat{TypeKind::kFloat64, false};
constexpr Type kText{TypeKind::kString, false};

Program Compile(const std::string& text, const Scope& scope) {
  const auto ast = ParseExpression(text);
  EXPECT_TRUE(ast) << ast.error().message;
  auto program = CompileExpression(**ast, scope);
  EXPECT_TRUE(program) << program.error().message;
  return std::move(*program);
}

Column Ints(const std::vector<int64_t>& values) {
  Column column;
  column.type = kInt;
  for (const int64_t value : values) column.AppendInt(value);
  return column;
}

std::string ShowCounts(const EvaluationCounts& counts) {
  return std::to_string(counts.overflow) + " " + std::to_string(counts.division_by_zero) + " " +
         std::to_string(counts.domain);
}

TEST(Program, FailuresAreCountedByTheirKind) {
  Evaluation none;
  const auto counts = [&none](const std::string& text) {
    EXPECT_EQ(none.Show(text), "null") << text;
    return ShowCounts(none.counts());
  };
  EXPECT_EQ(counts("9223372036854775807 + 1"), "1 0 0");
  EXPECT_EQ(counts("-9223372036854775807 - 2"), "1 0 0");
  EXPECT_EQ(counts("4611686018427387904 * 2"), "1 0 0");
  EXPECT_EQ(counts("-(-9223372036854775808)"), "1 0 0");
  EXPECT_EQ(counts("-9223372036854775808 // -1"), "1 0 0");
  EXPECT_EQ(counts("1 / 0"), "0 1 0");
  EXPECT_EQ(counts("1.0 / -0.0"), "0 1 0");
  EXPECT_EQ(counts("1 // 0"), "0 1 0");
  EXPECT_EQ(counts("1.5 % 0"), "0 1 0");
  EXPECT_EQ(counts("sqrt(-1)"), "0 0 1");
  EXPECT_EQ(counts("cast('x' as int64)"), "0 0 1");
  EXPECT_EQ(counts("'x' like concat('\\')"), "0 0 1");
  // A null argument fails nothing.
  EXPECT_EQ(counts("cast(null as int64) // 0"), "0 0 0");
  EXPECT_EQ(none.Show("-9223372036854775808 % -1"), "0");
}

TEST(Program, OnlyRowsThatNeedTheValueCount) {
  Evaluation row({{"a", Value::Int(1)}, {"zero", Value::Int(0)}, {"none", Value::Null(kInt)}});
  const auto counts = [&row](const std::string& text) {
    row.Show(text);
    return ShowCounts(row.counts());
  };
  EXPECT_EQ(counts("case when zero <> 0 then a // zero else 5 end"), "0 0 0");
  EXPECT_EQ(counts("case when zero = 0 then a // zero else 5 end"), "0 1 0");
  EXPECT_EQ(counts("case when true then 1 when a // zero = 1 then 2 end"), "0 0 0");
  EXPECT_EQ(counts("case when false then 1 when a // zero = 1 then 2 end"), "0 1 0");
  EXPECT_EQ(counts("case a when 1 then 1 when a // zero then 2 else a % zero end"), "0 0 0");
  EXPECT_EQ(counts("case a when 2 then 1 when a // zero then 2 else a % zero end"), "0 2 0");
  EXPECT_EQ(counts("if(none = 1, a // zero, 2)"), "0 0 0");
  EXPECT_EQ(counts("false and a // zero = 1"), "0 0 0");
  EXPECT_EQ(counts("none = 1 and a // zero = 1"), "0 1 0");
  EXPECT_EQ(counts("true or a // zero = 1"), "0 0 0");
  EXPECT_EQ(counts("none = 1 or a // zero = 1"), "0 1 0");
  EXPECT_EQ(counts("coalesce(a, a // zero)"), "0 0 0");
  EXPECT_EQ(counts("coalesce(none, a // zero, a // zero)"), "0 2 0");
  EXPECT_EQ(counts("a in (a // zero, 1)"), "0 0 0");
  EXPECT_EQ(counts("a in (a // zero, 2)"), "0 1 0");
  EXPECT_EQ(counts("a between 2 and a // zero"), "0 0 0");
  EXPECT_EQ(counts("a between 1 and a // zero"), "0 1 0");
  // Inside of what is not needed, nothing is.
  EXPECT_EQ(counts("if(false, case when true then a // zero else a % zero end, 1)"), "0 0 0");
  EXPECT_EQ(counts("false and (true or coalesce(none, a // zero) = 1)"), "0 0 0");
  // Each evaluation of the operand of between and case counts once.
  EXPECT_EQ(counts("a // zero between 1 and 2"), "0 1 0");
  EXPECT_EQ(counts("case a // zero when 1 then 1 when 2 then 2 end"), "0 1 0");
}

TEST(Program, BlocksAreSeamless) {
  const Scope scope = {{"a", kInt}, {"b", kInt}, {"s", kText}};
  const Program program = Compile(
      "case when b = 0 then -1 when a % 7 = 3 then length(s || 'x') else a // b + 1 end", scope);
  EvaluationScratch scratch;
  for (const size_t rows : {size_t{0}, size_t{1}, kBlockRows - 1, kBlockRows, kBlockRows + 1,
                            5 * kBlockRows + 17, size_t{3}}) {
    Column a;
    a.type = kInt;
    Column b = a;
    Column s;
    s.type = kText;
    for (size_t i = 0; i < rows; ++i) {
      i % 11 == 5 ? a.AppendNull() : a.AppendInt(static_cast<int64_t>(i));
      b.AppendInt(static_cast<int64_t>(i % 3));
      s.AppendString(i % 2 == 0 ? "even" : "o");
    }
    const Column& result = program.Evaluate(std::vector<const Column*>{&a, &b, &s}, rows, scratch);
    ASSERT_EQ(result.size(), rows);
    ASSERT_EQ(result.ints.size(), rows);
    for (size_t i = 0; i < rows; ++i) {
      const auto n = static_cast<int64_t>(i);
      int64_t expected = -1;
      bool valid = true;
      if (i % 3 != 0) {
        valid = i % 11 != 5;
        expected = n % 7 == 3 ? (i % 2 == 0 ? 5 : 2) : n / (n % 3) + 1;
      }
      EXPECT_EQ(result.valid[i], valid ? 1 : 0) << i;
      EXPECT_EQ(result.ints[i], valid ? expected : 0) << i;  // a null holds nothing
    }
  }
  EXPECT_EQ(ShowCounts(scratch.counts), "0 0 0");
}

TEST(Program, CountsAddUpOverBlocksAndEvaluations) {
  const Program program = Compile("10 // a", {{"a", kInt}});
  EvaluationScratch scratch;
  const Column zeros = Ints(std::vector<int64_t>(1000, 0));
  const std::vector<const Column*> columns = {&zeros};
  program.Evaluate(columns, 1000, scratch);
  program.Evaluate(columns, 3, scratch);
  EXPECT_EQ(scratch.counts.division_by_zero, 1003);
}

TEST(Program, APlainColumnIsReturnedItself) {
  const Column a = Ints({1, 2, 3});
  EvaluationScratch scratch;
  const std::vector<const Column*> columns = {&a};
  EXPECT_EQ(&Compile("(a)", {{"a", kInt}}).Evaluate(columns, 3, scratch), &a);
  // Under another type it is a copy.
  const Program wider = Compile("a::float64::float64", {{"a", {TypeKind::kFloat32, false}}});
  Column f;
  f.type = {TypeKind::kFloat32, false};
  f.AppendDouble(0.5);
  const std::vector<const Column*> floats = {&f};
  const Column& result = wider.Evaluate(floats, 1, scratch);
  EXPECT_NE(&result, &f);
  EXPECT_EQ(result.type, kFloat);
  EXPECT_EQ(result.doubles[0], 0.5);
}

TEST(Program, ResultsOfOneScratchFollowTheProgram) {
  const Scope scope = {{"a", kInt}};
  const Column a = Ints({1, 2, 3});
  const std::vector<const Column*> columns = {&a};
  EvaluationScratch scratch;
  const Program sum = Compile("a + 1", scope);
  const Program half = Compile("a / 2", scope);
  const Program text = Compile("cast(a as string) || '!'", scope);
  const Program literal = Compile("'same'", scope);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(sum.Evaluate(columns, 3, scratch).ints, (std::vector<int64_t>{2, 3, 4}));
    EXPECT_EQ(half.Evaluate(columns, 2, scratch).doubles, (std::vector<double>{0.5, 1}));
    EXPECT_EQ(text.Evaluate(columns, 3, scratch).strings[2], "3!");
    EXPECT_EQ(literal.Evaluate(columns, 1, scratch).strings, std::vector<std::string_view>{"same"});
    EXPECT_TRUE(literal.Evaluate(columns, 1, scratch).ints.empty());
  }
}

TEST(Program, NothingIsAllocatedOnceWarm) {
  const Scope scope = {{"a", kInt}, {"s", kText}};
  const std::vector<std::string> texts = {
      "a + 1 > 3 and a // 2 in (1, 2, 3, a)",
      "case when s like '%b%' then upper(s) || '!' else replace(s, 'a', 'bb') end",
      "coalesce(nullif(a, 3), length(trim(s)))",
      "lpad(cast(a as string), 30, '0')",
      "cast(cast(s as timestamp) as string)",
      "cast(to_timestamp(a) as string)",
      "concat(reverse(s), 'x', split_part(s, 'a', 2)) ilike '%X%'",
  };
  const Column a = Ints(std::vector<int64_t>(600, 3));
  Column s;
  s.type = kText;
  for (int i = 0; i < 600; ++i) s.AppendString("a long text that fits in no small string: abc");
  const std::vector<const Column*> columns = {&a, &s};
  EvaluationScratch scratch;
  std::vector<Program> programs;
  for (const std::string& text : texts) programs.push_back(Compile(text, scope));
  const auto evaluate_all = [&] {
    for (const Program& program : programs) program.Evaluate(columns, 600, scratch);
    for (const Program& program : programs) program.Evaluate(columns, 1, scratch);
  };
  evaluate_all();
  const int64_t before = AllocationCount();
  ::operator delete(::operator new(1));
  ASSERT_EQ(AllocationCount(), before + 1) << "allocations are not counted";
  evaluate_all();
  EXPECT_EQ(AllocationCount(), before + 1);
}

TEST(Program, TextsThatGrowTooLongAreNull) {
  Evaluation row({{"s", Value::String(std::string(700'000, 'x'))}});
  EXPECT_EQ(row.Show("length(s)"), "700000");
  EXPECT_EQ(row.Show("s || s"), "null");
  EXPECT_EQ(row.counts().domain, 1);
  EXPECT_EQ(row.Show("concat(s, s)"), "null");
  EXPECT_EQ(row.Show("replace(s, 'x', 'xx')"), "null");
  EXPECT_EQ(row.Show("lpad('a', 9223372036854775807, 'b')"), "null");
  EXPECT_EQ(row.Show("rpad('a', 1048577)"), "null");
  EXPECT_EQ(row.Show("length(rpad('a', 1048576))"), "1048576");
  EXPECT_EQ(row.counts().domain, 0);
}

// A text that isn't UTF-8 would be read in one way over HTTP, and not at all from Parquet.
TEST(Program, BytesThatAreNoTextAreNull) {
  const auto text_of = [](std::string_view bytes) {
    Evaluation row({{"raw", Value::String(std::string(bytes), {TypeKind::kBytes, false})}});
    const std::string shown = row.Show("raw::string");
    EXPECT_EQ(row.counts().domain, shown == "null" ? 1 : 0);
    return shown;
  };
  using namespace std::string_view_literals;
  for (const std::string_view good :
       {""sv, "a"sv, "\xc2\x80"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv, "\xef\xbf\xbf"sv,
        "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbfz"sv}) {
    EXPECT_EQ(text_of(good), "'" + std::string(good) + "'");
  }
  for (const std::string_view bad :
       {"\x80"sv, "a\xff"sv, "\xc1\xbf"sv, "\xc3"sv, "\xc3z"sv, "\xe0\x9f\xbf"sv, "\xed\xa0\x80"sv,
        "\xe2\x82"sv, "\xf0\x8f\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf8\x88\x80\x80\x80"sv}) {
    EXPECT_EQ(text_of(bad), "null");
  }
}

TEST(Program, ListsThatAreBrokenAreNull) {
  const Type list{TypeKind::kString, true};
  Evaluation row({{"empty", Value::String("", list)},
                  {"cut", Value::String(std::string("\x02\0\0\0\x01\xFF\xFF\xFF\x7F", 9), list)}});
  EXPECT_EQ(row.Show("len(empty)"), "null");
  EXPECT_EQ(row.Show("element_at(empty, 1)"), "null");
  EXPECT_EQ(row.Show("element_at(cut, 1)"), "null");
  EXPECT_EQ(row.Show("list_contains(cut, 'x')"), "false");
}

}  // namespace
}  // namespace skewless
