#include "definition/feature_line.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

FeatureLine Scanned(std::string_view text) {
  auto line = ScanFeatureLine(text);
  EXPECT_TRUE(line.has_value()) << text << ": " << (line ? "" : line.error().message);
  return line ? *line : FeatureLine{};
}

// A part's text is what stands at its offset.
void ExpectPart(std::string_view text, const LinePart& part, std::string_view expected) {
  EXPECT_EQ(part.text, expected);
  EXPECT_EQ(text.substr(part.offset, part.text.size()), expected);
}

TEST(FeatureLine, TakesEveryClause) {
  const std::string_view text =
      "last( item_id ) respect nulls filter (where a > (1)) over 5m hop 10s";
  const FeatureLine line = Scanned(text);
  ExpectPart(text, line.aggregate, "last");
  ASSERT_EQ(line.arguments.size(), 1U);
  ExpectPart(text, line.arguments[0], "item_id");
  ASSERT_TRUE(line.respect_nulls && line.filter && line.window && line.hop);
  ExpectPart(text, *line.respect_nulls, "respect nulls");
  ExpectPart(text, *line.filter, "a > (1)");
  ExpectPart(text, *line.window, "5m");
  ExpectPart(text, *line.hop, "10s");
  EXPECT_FALSE(line.exact);
}

TEST(FeatureLine, TakesTheShortestForms) {
  EXPECT_EQ(Scanned("count(*)").arguments[0].text, "*");
  EXPECT_TRUE(Scanned("count()").arguments.empty());
  EXPECT_FALSE(Scanned("count(*)").window.has_value());
  EXPECT_TRUE(Scanned("sum(x) over 1h exact").exact);
  EXPECT_EQ(Scanned("  sum (x)  ").aggregate.text, "sum");
}

TEST(FeatureLine, CutsArgumentsAtCommasOfTheirOwnLevel) {
  const FeatureLine line = Scanned("max_by(coalesce(a, b), case when k = ',)' then 1 else 2 end)");
  ASSERT_EQ(line.arguments.size(), 2U);
  EXPECT_EQ(line.arguments[0].text, "coalesce(a, b)");
  EXPECT_EQ(line.arguments[1].text, "case when k = ',)' then 1 else 2 end");
}

TEST(FeatureLine, RespectsQuotes) {
  const FeatureLine line =
      Scanned("count(*) filter (where s = 'it''s ) over 5m' and \"a(b\" = 1) over 1h");
  EXPECT_EQ(line.filter->text, "s = 'it''s ) over 5m' and \"a(b\" = 1");
  EXPECT_EQ(line.window->text, "1h");
}

TEST(FeatureLine, ReadsItsWordsInAnyCaseAndAcrossLines) {
  const FeatureLine line = Scanned("COUNT(*)\n  FILTER (WHERE a)\n  Over 5m\tHOP 5s");
  EXPECT_EQ(line.filter->text, "a");
  EXPECT_EQ(line.hop->text, "5s");
}

struct BadLine {
  const char* text;
  size_t offset;
  const char* message;
};

class BadLineTest : public testing::TestWithParam<BadLine> {};

TEST_P(BadLineTest, SaysWhereAndWhat) {
  const auto line = ScanFeatureLine(GetParam().text);
  ASSERT_FALSE(line.has_value()) << GetParam().text;
  EXPECT_EQ(line.error().offset, GetParam().offset) << line.error().message;
  EXPECT_NE(line.error().message.find(GetParam().message), std::string::npos)
      << line.error().message;
  EXPECT_GE(line.error().length, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadLineTest,
    testing::Values(BadLine{"", 0, "expected an aggregate"}, BadLine{"(x)", 0, "found '('"},
                    BadLine{"count", 5, "expected '(' after 'count', found the end"},
                    BadLine{"count x", 6, "found 'x'"},
                    BadLine{"sum(a", 3, "parenthesis is never closed"},
                    BadLine{"sum('a)", 4, "quote is never closed"},
                    BadLine{"sum(a) / count(*)", 7, "a feature is one aggregate"},
                    BadLine{"sum(a) filtre (where b)", 7, "expected 'filter', 'over' or the end"},
                    BadLine{"sum(a) where b", 7, "expected 'filter' before 'where'"},
                    BadLine{"sum(a) filter where b", 14, "expected '(' after 'filter'"},
                    BadLine{"sum(a) filter (b)", 15, "expected 'where'"},
                    BadLine{"sum(a) filter ()", 14, "expected 'where'"},
                    BadLine{"sum(a) filter (where )", 14, "expected a condition"},
                    BadLine{"sum(a) over", 11, "expected a duration after 'over'"},
                    BadLine{"sum(a) over 5m hop", 18, "expected a duration after 'hop'"},
                    BadLine{"sum(a) over 5m over 1h", 15, "a second 'over'"},
                    BadLine{"sum(a) over 5m filter (where b)", 15, "after the window"},
                    BadLine{"sum(a) filter (where b) filter (where c)", 24, "a second filter"},
                    BadLine{"sum(a) hop 5s", 7, "'hop' needs a window"},
                    BadLine{"sum(a) over 5m exact hop 5s", 21, "a second hop"},
                    BadLine{"last(a) respect", 15, "expected 'nulls'"},
                    BadLine{"last(a) over 5m respect nulls", 16, "after its place"},
                    BadLine{"last(a) respect nulls respect nulls", 22, "twice"},
                    BadLine{"sum(a) over 5m rows", 15, "expected the end of the line"}));

}  // namespace
}  // namespace skewless
