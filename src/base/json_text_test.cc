#include "base/json_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace skewless {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

std::string InQuotes(std::string_view text) {
  std::string out = "\"";
  out.append(text).append("\"");
  return out;
}

TEST(JsonTextTest, NumbersThatJsonLacksAreNull) {
  std::string out;
  for (const double value : {1.0, 0.25, std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    AppendJsonDouble(out, value);
    out += ' ';
  }
  EXPECT_EQ(out, "1.0 0.25 null null null ");
}

TEST(JsonTextTest, Escapes) {
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("plain text"), "\"plain text\"");
  EXPECT_EQ(Quoted("a\"b\\c\n\r\t"), "\"a\\\"b\\\\c\\n\\r\\t\"");
  EXPECT_EQ(Quoted(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\\u007f\"");
}

TEST(JsonTextTest, KeepsUtf8AndReplacesWhatIsNot) {
  for (const char* valid :
       {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(Quoted(valid), InQuotes(valid));
  }
  const std::string replaced = "\xef\xbf\xbd";
  EXPECT_EQ(Quoted("a\xffz"), InQuotes("a" + replaced + "z"));
  EXPECT_EQ(Quoted("\xc3"), InQuotes(replaced));                                // cut short
  EXPECT_EQ(Quoted("\xc0\x80"), InQuotes(replaced + replaced));                 // overlong
  EXPECT_EQ(Quoted("\xed\xa0\x80"), InQuotes(replaced + replaced + replaced));  // surrogate
  EXPECT_EQ(Quoted("\xe2\x82z"), InQuotes(replaced + replaced + "z"));
}

}  // namespace
}  // namespace skewless
