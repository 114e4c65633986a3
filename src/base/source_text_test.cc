#include "base/source_text.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

TEST(SourceTextTest, ShowsTheLineWithACaret) {
  const Error error = ErrorAt({"a.yaml", 3, 11}, "one\ntwo\n  sum:    summ(x)\nfour\n", 4,
                              "unknown function 'summ'", "Did you mean 'sum'?");
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_EQ(error.ToString(),
            "a.yaml:3:11: error: unknown function 'summ'\n"
            "   3 |   sum:    summ(x)\n"
            "     |           ^~~~\n"
            "  Did you mean 'sum'?");
}

TEST(SourceTextTest, KeepsTabsAndCountsCharactersNotBytes) {
  EXPECT_EQ(ErrorAt({"f", 1, 4}, "\t\xc3\xa9x\r\n", 9, "m").message,
            "f:1:4: error: m\n   1 | \t\xc3\xa9x\n     | \t ^");
}

TEST(SourceTextTest, BearsPlacesOutsideTheText) {
  EXPECT_EQ(ErrorAt({"f", 9, 1}, "one\n", 1, "m").message, "f:9:1: error: m");
  EXPECT_EQ(ErrorAt({"f", 0, 0}, "one\n", 1, "m").message, "f: error: m");
  EXPECT_EQ(ErrorAt({"", 0, 0}, "", 1, "m").message, "error: m");
  EXPECT_EQ(ErrorAt({"", 1, 99}, "one", 1, "m").message, "1:99: error: m\n   1 | one\n     |    ^");
  EXPECT_EQ(ErrorAt({"f", 1, 0}, "one", 1, "m").message, "f:1: error: m\n   1 | one");
  EXPECT_EQ(ErrorAt({"f", 12345, 1}, std::string(12344, '\n') + "x", 1, "m").message,
            "f:12345:1: error: m\n12345 | x\n      | ^");
}

TEST(SourceTextTest, FindsTheNearestName) {
  const std::vector<std::string> names = {"price", "user_id", "item_id", "kind"};
  EXPECT_EQ(NearestName("prise", names), "price");
  EXPECT_EQ(NearestName("pirce", names), "price");
  EXPECT_EQ(NearestName("Price", names), "price");
  EXPECT_EQ(NearestName("userid", names), "user_id");
  EXPECT_EQ(NearestName("kinds", names), "kind");
  EXPECT_EQ(NearestName("quantity", names), "");
  EXPECT_EQ(NearestName("", names), "");
  EXPECT_EQ(NearestName("x", {"y"}), "");
  EXPECT_EQ(NearestName("x", {}), "");
  EXPECT_EQ(NearestName("ts", {"tsx", "st"}), "tsx");
}

}  // namespace
}  // namespace skewless
