#include "expression/like_pattern.h"

#include <../tests/oracle/expression_oracle_text.h>
#include <gtest/gtest.h>

#include <random>

namespace skewless {
namespace {

TEST(LikePattern, ShapesAreToldApart) {
  using Shape = LikePayload::Shape;
  const auto shape = [](std::string_view pattern) {
    return LikePayload(pattern, false, false).shape;
  };
  EXPECT_EQ(shape("abc"), Shape::kEqual);
  EXPECT_EQ(shape(""), Shape::kEqual);
  EXPECT_EQ(shape("abc%"), Shape::kPrefix);
  EXPECT_EQ(shape("%abc"), Shape::kSuffix);
  EXPECT_EQ(shape("%abc%"), Shape::kContains);
  EXPECT_EQ(shape("a%c"), Shape::kGeneral);
  EXPECT_EQ(shape("a_c"), Shape::kGeneral);
  EXPECT_EQ(shape("a\\%"), Shape::kEqual);
  EXPECT_EQ(shape("a\\\\%"), Shape::kPrefix);
}

TEST(LikePattern, ALoneEscapeAtTheEndIsNone) {
  EXPECT_TRUE(IsLikePattern("a\\\\"));
  EXPECT_FALSE(IsLikePattern("a\\"));
  EXPECT_FALSE(IsLikePattern("\\\\\\"));
}

// Both matchers against the obvious one, over texts that make a % try again.
TEST(LikePattern, AgreesWithTheObviousMatcher) {
  std::mt19937 random(11);
  const std::vector<std::string> pieces = {"a",   "b",    "%", "_",    "\\%",
                                           "\\_", "\\\\", "ß", "\xC3", "\x9F"};
  const std::vector<std::string> letters = {"a", "b", "%", "_", "\\", "ß", "\xC3", "\x9F", "ab"};
  int matched = 0;
  for (int i = 0; i < 60000; ++i) {
    std::string pattern;
    for (size_t k = random() % 7; k > 0; --k) pattern += pieces[random() % pieces.size()];
    std::string text;
    for (size_t k = random() % 8; k > 0; --k) text += letters[random() % letters.size()];
    const bool expected = oracle::MatchesPattern(text, pattern);
    ASSERT_EQ(MatchesLike(text, pattern), expected) << text << " like " << pattern;
    ASSERT_EQ(LikePayload(pattern, false, false).Matches(text), expected)
        << text << " like " << pattern;
    matched += expected ? 1 : 0;
  }
  EXPECT_GT(matched, 2000);
}

// Polynomial, not exponential.
TEST(LikePattern, ManyPercentsEnd) {
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "%a";
  EXPECT_FALSE(MatchesLike(std::string(20000, 'a') + "b", pattern + "c"));
}

}  // namespace
}  // namespace skewless
