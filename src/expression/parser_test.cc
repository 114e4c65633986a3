#include <gtest/gtest.h>

#include <random>

#include "expression/expression.h"

namespace skewless {
namespace {

std::string Canonical(const std::string& text) {
  const auto ast = ParseExpression(text);
  if (!ast) return "error at " + std::to_string(ast.error().offset) + ": " + ast.error().message;
  return CanonicalText(**ast);
}

TEST(Parser, OperatorsBindAsInSql) {
  EXPECT_EQ(Canonical("a or b and not c = d"), "(a or (b and (not (c = d))))");
  EXPECT_EQ(Canonical("not a and b"), "((not a) and b)");
  EXPECT_EQ(Canonical("1 + 2 * 3 - 4"), "((1 + (2 * 3)) - 4)");
  EXPECT_EQ(Canonical("a // b / c % d"), "(((a // b) / c) % d)");
  EXPECT_EQ(Canonical("-x * y"), "((-x) * y)");
  EXPECT_EQ(Canonical("-x::int64"), "(-cast(x as int64))");
  EXPECT_EQ(Canonical("a || b + c = d"), "((a || (b + c)) = d)");
  EXPECT_EQ(Canonical("a = b is null"), "((a = b) is null)");
  EXPECT_EQ(Canonical("a is null = b"), "((a is null) = b)");
  EXPECT_EQ(Canonical("a between b and c and d"), "((a between b and c) and d)");
  EXPECT_EQ(Canonical("a + 1 between b - 1 and c or d"), "(((a + 1) between (b - 1) and c) or d)");
  EXPECT_EQ(Canonical("a not in (1, 2) and b not like 'x' or c not between 1 and 2"),
            "(((a not in (1, 2)) and (b not like 'x')) or (c not between 1 and 2))");
  EXPECT_EQ(Canonical("a is not distinct from b and c"), "((a is not distinct from b) and c)");
  EXPECT_EQ(Canonical("a is true is not false"), "((a is true) is not false)");
  EXPECT_EQ(Canonical("a like b || c"), "(a like (b || c))");
}

TEST(Parser, SpellingsOfTheSame) {
  EXPECT_EQ(Canonical("A==1 AND b != 2"), "((A = 1) and (b <> 2))");
  EXPECT_EQ(Canonical("cast(x AS Int64)"), Canonical("x :: int64"));
  EXPECT_EQ(Canonical("extract(Hour from t)"), "date_part('hour', t)");
  EXPECT_EQ(Canonical("position('a' in s)"), "strpos(s, 'a')");
  EXPECT_EQ(Canonical("POW(x, 2)"), "power(x, 2)");
  EXPECT_EQ(Canonical("x::string[]"), "cast(x as string[])");
  EXPECT_EQ(Canonical("count(*)"), "count(*)");
  EXPECT_EQ(Canonical("last(x, 10)"), "last(x, 10)");
  EXPECT_EQ(Canonical("interval '2 days 90 minutes'"), "178200000000");
  EXPECT_EQ(Canonical("interval '-5m'"), "(-300000000)");
  EXPECT_EQ(Canonical("timestamp '2013-01-01 06:00:00+01:00'"), "timestamp '2013-01-01T05:00:00Z'");
  EXPECT_EQ(Canonical("\"a\":\"b\""), "a:b");
  EXPECT_EQ(Canonical("view:feature + \"a b\" + \"order\" + \"and\" + \"q\"\"q\""),
            "((((view:feature + \"a b\") + order) + \"and\") + \"q\"\"q\")");
  // Words that are no keywords name columns.
  EXPECT_EQ(Canonical("timestamp + interval + if + extract + distinct"),
            "((((timestamp + interval) + if) + extract) + distinct)");
}

TEST(Parser, Numbers) {
  EXPECT_EQ(Canonical("1e3"), "1000.0");
  EXPECT_EQ(Canonical(".5 + 5."), "(0.5 + 5.0)");
  EXPECT_EQ(Canonical("1e300"), "1e+300");
  EXPECT_EQ(Canonical("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(Canonical("-9223372036854775808"), "(-9223372036854775808)");
  EXPECT_EQ(Canonical("1--1"), "(1 - (-1))");
  EXPECT_EQ(Canonical("-(5)"), "(-5)");
  EXPECT_EQ(Canonical("- -5"), "(-(-5))");
  EXPECT_EQ(Canonical("-0.0"), "(-0.0)");
}

TEST(Parser, LiteralsKeepTheirBytes) {
  const auto ast = ParseExpression("'it''s \xFF'");
  ASSERT_TRUE(ast);
  EXPECT_EQ((*ast)->value.bytes, "it's \xFF");
  EXPECT_EQ(Canonical("'it''s'"), "'it''s'");
  EXPECT_EQ(Canonical("case x when 1 then 'a' else null end"),
            "case x when 1 then 'a' else null end");
}

struct Wrong {
  std::string text;
  size_t offset;
  size_t length;
  std::string message;
  std::string remedy;
};

TEST(Parser, ErrorsPointAtTheToken) {
  const std::vector<Wrong> all = {
      {"", 0, 1, "expected a value, found the end of the expression", ""},
      {"a +", 3, 1, "expected a value, found the end", ""},
      {"a + * b", 4, 1, "expected a value, found '*'", ""},
      {"(a", 2, 1, "expected ')', found the end", ""},
      {"a b", 2, 1, "expected an operator or the end, found 'b'", ""},
      {"a = b = c", 6, 1, "comparisons do not chain", "a < b and b < c"},
      {"a < b <= c", 6, 2, "comparisons do not chain", ""},
      {"kind = \"click\" \"x\"", 15, 3, "expected an operator", "single quotes"},
      {"'open", 0, 1, "no closing quote", "written twice"},
      {"\"open", 0, 1, "no closing quote", ""},
      {"\"\"", 0, 2, "expected a name", ""},
      {"5m", 0, 2, "expected a number, found '5m'", "interval '5 minutes'"},
      {"9223372036854775808", 0, 19, "does not fit in int64", "9223372036854775808.0"},
      {"99999999999999999999", 0, 20, "does not fit in int64", ""},
      {"1e999", 0, 5, "does not fit in float64", ""},
      {"a & b", 2, 1, "no expression has '&'", "write 'and'"},
      {"a ? b", 2, 1, "no expression has '?'", ""},
      {std::string("a \0 b", 5), 2, 1, "the byte 0x00", ""},
      {"a.b", 1, 1, "found '.'", "view:feature"},
      {"a:", 2, 1, "the name of a feature", ""},
      {"x is 5", 5, 1, "null, true, false", "write ="},
      {"x is distinct 5", 14, 1, "expected 'from'", ""},
      {"x in 5", 5, 1, "expected '('", ""},
      {"x in ()", 6, 1, "expected a value, found ')'", ""},
      {"x between 1 or 2", 12, 2, "expected 'and'", ""},
      {"a = not b", 4, 3, "expected a value, found 'not'", "parentheses"},
      {"case when a then 1", 18, 1, "'when', 'else' or 'end'", ""},
      {"case a then 1 end", 7, 4, "expected 'when'", ""},
      {"case when a then 1 else 2 when b then 3 end", 26, 4, "expected 'end'", ""},
      {"cast(x as double)", 10, 6, "there is no type 'double'", "write float64"},
      {"cast(x as flot64)", 10, 6, "there is no type", "write float64"},
      {"cast(x, int64)", 6, 1, "'as' and a type", ""},
      {"x::int64[", 9, 1, "expected ']'", ""},
      {"f(a b)", 4, 1, "expected ',' or ')'", ""},
      {"(a, b)", 2, 1, "expected ')'", "behind 'in'"},
      {"timestamp 'yesterday'", 10, 11, "is not a timestamp", "RFC 3339"},
      {"interval '1 month'", 9, 9, "months and years differ", "'30 days'"},
      {"interval '1 parsec'", 9, 10, "no unit 'parsec'", "interval '1 hour'"},
      {"interval 'hour'", 9, 6, "expected a whole number", ""},
      {"interval '99999999999999 weeks'", 9, 22, "does not fit", ""},
      {"end + 1", 0, 3, "expected a value, found 'end'", "\"end\""},
      {"extract(5 from t)", 8, 1, "expected a unit", ""},
      {"position(a, b)", 10, 1, "expected 'in'", "strpos"},
  };
  for (const Wrong& wrong : all) {
    const auto ast = ParseExpression(wrong.text);
    ASSERT_FALSE(ast) << wrong.text;
    EXPECT_EQ(ast.error().offset, wrong.offset) << wrong.text << ": " << ast.error().message;
    EXPECT_EQ(ast.error().length, wrong.length) << wrong.text << ": " << ast.error().message;
    EXPECT_NE(ast.error().message.find(wrong.message), std::string::npos)
        << wrong.text << ": " << ast.error().message;
    EXPECT_NE(ast.error().remedy.find(wrong.remedy), std::string::npos)
        << wrong.text << ": " << ast.error().remedy;
  }
}

std::string Repeat(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Parser, DepthHasALimit) {
  const auto message = [](const std::string& text) {
    const auto ast = ParseExpression(text);
    return ast ? std::string("fine") : ast.error().message;
  };
  const std::string deep = "the expression nests deeper than 200 levels";
  EXPECT_EQ(message(Repeat("(", 200) + "x" + Repeat(")", 200)), "fine");
  EXPECT_EQ(message(Repeat("(", 30000) + "x" + Repeat(")", 30000)), deep);
  EXPECT_EQ(message(Repeat("- ", 199) + "x"), "fine");
  EXPECT_EQ(message(Repeat("- ", 30000) + "x"), deep);
  EXPECT_EQ(message(Repeat("not ", 10000) + "x"), deep);
  EXPECT_EQ(message("x" + Repeat(" + x", 199)), "fine");
  EXPECT_EQ(message("x" + Repeat(" + x", 200)), deep);
  EXPECT_EQ(message("x" + Repeat("::int64", 5000)), deep);
  EXPECT_EQ(message(Repeat("abs(", 10000) + "x" + Repeat(")", 10000)), deep);
  EXPECT_EQ(message(Repeat("case when ", 6000)), deep);
  EXPECT_EQ(message(Repeat("cast(", 10000)), deep);
  EXPECT_EQ(message(Repeat("x in (", 10000)), deep);
  EXPECT_EQ(message(Repeat("extract(day from ", 3500)), deep);
  EXPECT_EQ(message("x in (" + Repeat("1, ", 20000) + "1)"), "fine");
}

// The deepest trees still come back from their canonical text.
TEST(Parser, CanonicalTextOfTheDeepestTreesParses) {
  for (const std::string& text :
       {"x" + Repeat(" + x", 199), Repeat("x in (", 199) + "x" + Repeat(")", 199),
        Repeat("- ", 199) + "x", Repeat("abs(", 199) + "x" + Repeat(")", 199)}) {
    const auto ast = ParseExpression(text);
    ASSERT_TRUE(ast) << ast.error().message;
    const auto again = ParseExpression(CanonicalText(**ast));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(SameTree(**ast, **again));
  }
}

TEST(Parser, LengthHasALimit) {
  EXPECT_TRUE(ParseExpression("x" + std::string(kMaxExpressionBytes - 1, ' ')));
  const auto ast = ParseExpression("x" + std::string(kMaxExpressionBytes, ' '));
  ASSERT_FALSE(ast);
  EXPECT_NE(ast.error().message.find("65536 bytes"), std::string::npos);
}

// Whatever is cut out of or put into a text, an error points into it.
TEST(Parser, BrokenTextsGiveErrorsInsideThem) {
  const std::string whole =
      "case when a.b in (1, 'x''y') and not \"c d\" like '%' then -1.5e3::int64 else "
      "extract(hour from t) + interval '1 hour' end is not distinct from f(*) || v:w";
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string text = whole;
    for (int k = 0; k < 3; ++k) {
      const size_t at = random() % text.size();
      if (random() % 2 == 0) text.erase(at, 1 + random() % 4);
      if (random() % 2 == 0) text.insert(at, 1, static_cast<char>(random() % 256));
    }
    const auto ast = ParseExpression(text);
    if (ast) continue;
    EXPECT_LE(ast.error().offset, text.size());
    EXPECT_GE(ast.error().length, 1U);
    EXPECT_FALSE(ast.error().message.empty());
  }
}

}  // namespace
}  // namespace skewless
