#include "expression/characters.h"

#include <../tests/oracle/expression_oracle_text.h>
#include <gtest/gtest.h>

#include <string>

namespace skewless {
namespace {

std::string Encoded(uint32_t c) {
  const auto byte = [](uint32_t bits) { return static_cast<char>(bits); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F))};
  return {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))};
}

std::string Lower(const std::string& text) {
  std::string out(text.size(), '?');
  LowerCase(text, out.data());
  return out;
}
std::string Upper(const std::string& text) {
  std::string out(text.size(), '?');
  UpperCase(text, out.data());
  return out;
}

TEST(Characters, CaseOfEveryLetterIsUnicodes) {
  for (uint32_t c = 0; c < 0x3000; ++c) {
    const std::string letter = Encoded(c);
    ASSERT_EQ(Lower(letter), oracle::MapCase(letter, false)) << std::hex << c;
    ASSERT_EQ(Upper(letter), oracle::MapCase(letter, true)) << std::hex << c;
  }
}

TEST(Characters, CaseLeavesBrokenTextsAlone) {
  for (const std::string text :
       {"\xC3", "\xE1\xB8", "\x80\xC3\x28", "\xFF\xFE", "\xF0\x9F\x98\x80"}) {
    EXPECT_EQ(Lower(text), text);
    EXPECT_EQ(Upper(text), text);
  }
  EXPECT_EQ(Upper("a\xC3"), "A\xC3");
}

TEST(Characters, ContinuationBytesBelongToWhatIsBefore) {
  EXPECT_EQ(CountCharacters(""), 0);
  EXPECT_EQ(CountCharacters("aß€"), 3);
  EXPECT_EQ(CountCharacters("\x80\x80"), 1);
  EXPECT_EQ(CountCharacters("\x80"
                            "a\x80"),
            2);
  EXPECT_EQ(SkipCharacters("aß€", 2), 3U);
  EXPECT_EQ(SkipCharacters("aß€", 9), 6U);
  EXPECT_EQ(SkipCharacters("aß€", -1), 0U);
}

}  // namespace
}  // namespace skewless
