#include <gtest/gtest.h>

#include "expression/expression.h"

namespace skewless {
namespace {

const Scope& Columns() {
  static const Scope scope = {
      {"flag", {TypeKind::kBool, false}},     {"small", {TypeKind::kInt32, false}},
      {"number", {TypeKind::kInt64, false}},  {"ratio", {TypeKind::kFloat32, false}},
      {"price", {TypeKind::kFloat64, false}}, {"kind", {TypeKind::kString, false}},
      {"raw", {TypeKind::kBytes, false}},     {"at", {TypeKind::kTimestamp, false}},
      {"items", {TypeKind::kInt64, true}},    {"tags", {TypeKind::kString, true}},
  };
  return scope;
}

ExpressionResult<Program> Compile(const std::string& text) {
  auto ast = ParseExpression(text);
  if (!ast) return tl::unexpected(ast.error());
  return CompileExpression(**ast, Columns());
}

TEST(TypeCheck, TypesOfResults) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"small", "int32"},
      {"ratio", "float32"},
      {"items", "int64[]"},
      {"small + small", "int64"},
      {"-small", "int64"},
      {"ratio + ratio", "float64"},
      {"-ratio", "float64"},
      {"number + price", "float64"},
      {"number / number", "float64"},
      {"number // number", "int64"},
      {"price // number", "float64"},
      {"number % small", "int64"},
      {"kind || 'x'", "string"},
      {"raw || 'x'", "bytes"},
      {"at - at", "int64"},
      {"at - '2013-01-01'", "int64"},
      {"at + 5", "timestamp"},
      {"interval '1 hour' + at", "timestamp"},
      {"flag and null", "bool"},
      {"coalesce(small, small)", "int32"},
      {"coalesce(small, 1)", "int64"},
      {"coalesce(ratio, ratio)", "float32"},
      {"coalesce(ratio, 1)", "float64"},
      {"coalesce(at, '2013-01-01')", "timestamp"},
      {"coalesce(null, kind)", "string"},
      {"coalesce(items, items)", "int64[]"},
      {"if(flag, null, small)", "int32"},
      {"case when flag then 1 else 2.0 end", "float64"},
      {"case kind when 'a' then raw end", "bytes"},
      {"nullif(small, price)", "int32"},
      {"nullif(kind, 'x')", "string"},
      {"least(small, number)", "int64"},
      {"cast(null as int64[])", "int64[]"},
      {"cast(null as bool)", "bool"},
      {"cast(price as float32)", "float32"},
      {"abs(small)", "int64"},
      {"abs(ratio)", "float64"},
      {"round(price, small)", "float64"},
      {"sqrt(number)", "float64"},
      {"hash64(kind)", "int64"},
      {"date_part('epoch', at)", "float64"},
      {"date_part('hour', at)", "int64"},
      {"date_trunc('day', '2013-01-01')", "timestamp"},
      {"element_at(tags, 1)", "string"},
      {"element_at(items, small)", "int64"},
      {"list_contains(items, 1.5)", "bool"},
      {"len(tags)", "int64"},
      {"null is null", "bool"},
      {"null = null", "bool"},
      {"null + 1", "int64"},
      {"null || 'x'", "string"},
  };
  for (const auto& [text, type] : all) {
    const auto program = Compile(text);
    ASSERT_TRUE(program) << text << ": " << program.error().message;
    EXPECT_EQ(TypeName(program->type()), type) << text;
  }
}

struct Wrong {
  std::string text;
  size_t offset;
  size_t length;
  std::string message;
  std::string remedy;
};

TEST(TypeCheck, ErrorsPointAtTheTokenAndSayWhatToWrite) {
  const std::vector<Wrong> all = {
      {"prise > 0", 0, 5, "there is no column 'prise' here", "did you mean 'price'?"},
      {"1 + zzzzzzzzzz", 4, 10, "there is no column 'zzzzzzzzzz'", "flag, small, number"},
      {"kind = \"zzzzzzzzzz\"", 7, 12, "there is no column 'zzzzzzzzzz'",
       "write text in single quotes, 'zzzzzzzzzz'"},
      {"kind + 1", 0, 4, "'+' expects numbers, found string", "cast(kind as float64)"},
      {"1 * flag", 4, 4, "'*' expects numbers, found bool", "cast(flag as int64)"},
      {"-kind", 1, 4, "'-' expects a number, found string", "cast(kind as float64)"},
      {"at * 2", 0, 2, "'*' expects numbers, found timestamp", "epoch(x)"},
      {"at + at", 3, 1, "'+' cannot join timestamp and timestamp", "interval '1 hour'"},
      {"5 - at", 2, 1, "cannot join int64 and timestamp", ""},
      {"at + 1.5", 3, 1, "cannot join timestamp and float64", ""},
      {"kind || number", 8, 6, "'||' joins texts, found int64", "cast(number as string)"},
      {"price >= kind", 9, 4, "cannot compare float64 with string", "cast(kind as float64)"},
      {"price >= 'abc'", 9, 5, "cannot compare float64 with string", "cast('abc' as float64)"},
      {"flag = 1", 7, 1, "cannot compare bool with int64", "cast(1 as bool)"},
      {"number in (1, 'x', 2)", 14, 3, "cannot compare int64 with string", "cast('x' as int64)"},
      {"number between 1 and kind", 21, 4, "cannot compare int64 with string", ""},
      {"items = items", 6, 1, "lists cannot be compared", "list_contains"},
      {"least(items)", 0, 5, "lists cannot be compared", ""},
      {"at > 'soon'", 5, 6, "'soon' is not a timestamp", "RFC 3339"},
      {"not number", 4, 6, "'not' expects a bool, found int64", "x <> 0"},
      {"flag and kind", 9, 4, "'and' expects a bool, found string", "x = 'value'"},
      {"number is true", 0, 6, "'is true' expects a bool", ""},
      {"case when price then 1 end", 10, 5, "'when' expects a bool, found float64", ""},
      {"if(price, 1, 2)", 3, 5, "if expects a bool, found float64", ""},
      {"case when flag then 1 else 'x' end", 27, 3,
       "values must be of one type, found int64 and string", "cast('x' as int64)"},
      {"case null when 1 then 2 end", 5, 4, "equals nothing", "is null"},
      {"coalesce(price, kind)", 16, 4, "float64 and string", "cast(kind as float64)"},
      {"coalesce(null, null)", 0, 8, "every value here is null", "cast(null as float64)"},
      {"null", 0, 4, "the type of this null is not known", "cast(null as float64)"},
      {"nullif(null, 1)", 7, 4, "the type of this null", ""},
      {"kind like 5", 10, 1, "'like' expects a text, found int64", "cast(5 as string)"},
      {"kind like 'a\\'", 10, 4, "ends with a lone '\\'", ""},
      {"cast(at as int64)", 0, 4, "cannot cast timestamp to int64", "epoch_us(x)"},
      {"cast(number as timestamp)", 0, 4, "cannot cast int64 to timestamp", "to_timestamp(x)"},
      {"cast(items as string)", 0, 4, "cannot cast int64[] to string", ""},
      {"cast(flag as timestamp)", 0, 4, "cannot cast bool to timestamp", ""},
      {"lenght(kind)", 0, 6, "there is no function 'lenght'", "did you mean 'length'?"},
      {"sum(price) / 2", 0, 3, "sum is an aggregate", "feature of its own"},
      {"count(*)", 0, 5, "count is an aggregate", ""},
      {"abs(*)", 0, 3, "abs(*) is no function", ""},
      {"abs(kind)", 4, 4, "abs(int64), abs(float64); argument 1 is string",
       "cast(kind as float64)"},
      {"abs()", 0, 3, "abs has no form with 0 arguments", "abs(int64)"},
      {"substr(kind, 1.5)", 13, 3, "argument 2 is float64", "cast(1.5 as int64)"},
      {"lower(number)", 6, 6, "expected lower(string); argument 1 is int64",
       "cast(number as string)"},
      {"hour(number)", 5, 6, "hour expects a timestamp, found int64", ""},
      {"hour('noon')", 5, 6, "'noon' is not a timestamp", ""},
      {"hour(at, at)", 0, 4, "hour expects 1 argument", ""},
      {"date_trunc('hours2', at)", 11, 8, "date_trunc has no unit 'hours2'",
       "did you mean 'hour'?"},
      {"date_trunc(kind, at)", 11, 4, "must be written out", "single quotes"},
      {"date_part('hour', price)", 18, 5, "date_part expects a timestamp", ""},
      {"date_part('hour')", 0, 9, "date_part expects 2 arguments", ""},
      {"concat(kind, 1)", 13, 1, "concat joins texts, found int64", "cast(1 as string)"},
      {"list_contains(kind, 1)", 14, 4, "list_contains expects a list, found string", ""},
      {"list_contains(items, 'x')", 21, 3, "cannot compare int64 with string", ""},
      {"element_at(items, 'x')", 18, 3, "element_at expects a whole number", ""},
      {"element_at(price, 1)", 11, 5, "element_at expects a list", ""},
      {"pi(1)", 0, 2, "pi expects no arguments, found 1", ""},
      {"nullif(1)", 0, 6, "nullif expects 2 arguments, found 1", ""},
      {"coalesce()", 0, 8, "coalesce expects at least 1 argument", ""},
      {"if(flag, 1)", 0, 2, "if expects 3 arguments", ""},
  };
  for (const Wrong& wrong : all) {
    const auto program = Compile(wrong.text);
    ASSERT_FALSE(program) << wrong.text;
    EXPECT_EQ(program.error().offset, wrong.offset)
        << wrong.text << ": " << program.error().message;
    EXPECT_EQ(program.error().length, wrong.length)
        << wrong.text << ": " << program.error().message;
    EXPECT_NE(program.error().message.find(wrong.message), std::string::npos)
        << wrong.text << ": " << program.error().message;
    EXPECT_NE(program.error().remedy.find(wrong.remedy), std::string::npos)
        << wrong.text << ": " << program.error().remedy;
  }
}

TEST(TypeCheck, InputsAreTheColumnsThatAreRead) {
  EXPECT_EQ(Compile("price > 0 and small + price > number")->inputs(), (std::vector<int>{1, 2, 4}));
  EXPECT_EQ(Compile("price")->inputs(), std::vector<int>{4});
  EXPECT_TRUE(Compile("1 + 1")->inputs().empty());
}

}  // namespace
}  // namespace skewless
