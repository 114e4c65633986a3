#include "decode/json_nesting.h"

#include <gtest/gtest.h>

#include <random>

#include "decode/json_decoder.h"
#include "decode/row_builder.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

std::string Padded(std::string text) { return text + std::string(1 + TextInput::kPadding, '\0'); }

// What is passed over of `text`; nothing where it is left to the library.
std::string PassedOver(const std::string& text) {
  const std::string padded = Padded(text);
  const char* const end = EndOfNested(padded.data());
  return end == nullptr ? "" : std::string(padded.data(), end);
}

// Whether the library passes over `value`, and reads what comes behind it.
bool LibraryPassesOver(const std::string& value) {
  const Schema schema{{{"i", {TypeKind::kInt64, false}}}};
  JsonDecoder decoder(schema);
  Batch batch;
  batch.Reset(&schema, 0);
  RowBuilder rows(schema, {});
  rows.Begin(&batch, 1);
  const std::string text = "{\"x\":" + value + ",\"i\":7}", padded = Padded(text);
  std::string reason;
  const bool read = decoder.Decode({padded.data(), text.size()}, rows, &reason);
  return read && batch.columns[0].valid[0] != 0 && batch.columns[0].ints[0] == 7;
}

TEST(JsonNestingTest, EndsWithItsLastBracket) {
  for (const std::string text : {"{}", "[]", "[[],[]]", R"({"a":{"b":[1,{}]}})", R"(["}","]"])",
                                 R"(["\"]","\\"])", R"({"é":"ü"})", "{ }", R"(["\\\\\"]"])"}) {
    EXPECT_EQ(PassedOver(text), text);
    EXPECT_EQ(PassedOver(text + "]}\"\n\xff"), text);
    EXPECT_TRUE(LibraryPassesOver(text)) << text;
  }
}

TEST(JsonNestingTest, LeavesTheRestToTheLibrary) {
  for (const std::string text : {"{", "[{}", R"(["])", R"(["\"])", "[\n]", "[\"\t\"]", "[\xff]",
                                 "[\"\xc3\"]", R"([\"])", R"(["a"\])"}) {
    EXPECT_EQ(PassedOver(text), "") << text;
  }
}

// Strings, escapes and brackets on either side of every boundary between two blocks.
TEST(JsonNestingTest, BlocksGoOnWhereTheLastOneEnded) {
  for (size_t length = 0; length < 200; ++length) {
    const std::string front = "[\"" + std::string(length, 'x');
    for (const std::string rest :
         {R"("])", R"(\"]"])", R"(\\"])", R"(\\\"}"])", R"(","]",[{}]])", R"(é"])", R"("],[]])"}) {
      const std::string text = front + rest;
      const std::string whole = rest.ends_with("[]]") ? front + "\"]" : text;
      EXPECT_EQ(PassedOver(text), whole);
      EXPECT_TRUE(LibraryPassesOver(whole)) << whole;
    }
    EXPECT_EQ(PassedOver("[\"" + std::string(length, '\\') + "\"]").empty(), length % 2 == 1);
  }
}

TEST(JsonNestingTest, WhatIsPassedOverTheLibraryPassesOver) {
  const std::vector<std::string> pieces = {"{",   "}", "[",    "]",  "\"",
                                           "\\",  ":", ",",    " ",  "1",
                                           "a",   "é", "\xc3", "\n", "aaaaaaaaaaaaaaaaaaaaa",
                                           "\"\""};
  std::mt19937 random(1);
  int passed_over = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text(1, random() % 2 == 0 ? '{' : '[');
    for (uint64_t more = random() % 30; more > 0; --more)
      text += pieces[random() % (random() % 4 == 0 ? pieces.size() : 12)];
    const std::string end = PassedOver(text);
    if (end.empty()) continue;
    ++passed_over;
    ASSERT_TRUE(LibraryPassesOver(end)) << end;
  }
  EXPECT_GT(passed_over, 10'000);
}

}  // namespace
}  // namespace skewless
