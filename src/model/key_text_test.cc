#include "model/key_text.h"

#include <gtest/gtest.h>

#include "model/key.h"

namespace skewless {
namespace {

constexpr Type kInt{TypeKind::kInt64, false}, kString{TypeKind::kString, false},
    kBytes{TypeKind::kBytes, false}, kBool{TypeKind::kBool, false},
    kTime{TypeKind::kTimestamp, false};

std::string TextOf(const std::vector<Value>& values) {
  std::vector<Type> types;
  for (const Value& value : values) types.push_back(value.type);
  std::string text;
  EXPECT_TRUE(AppendKeyText(types, *EncodeKey(values), &text).has_value());
  return text;
}

TEST(KeyText, IsWhatAPersonWouldType) {
  EXPECT_EQ(TextOf({Value::Int(42, kInt)}), "42");
  EXPECT_EQ(TextOf({Value::Int(-1, kInt)}), "-1");
  EXPECT_EQ(TextOf({Value::String("anna", kString)}), "anna");
  EXPECT_EQ(TextOf({Value::String("", kString)}), "");
  EXPECT_EQ(TextOf({Value::Int(1, kBool)}), "true");
  EXPECT_EQ(TextOf({Value::Int(1'500'000, kTime)}), "1970-01-01T00:00:01.500Z");
  EXPECT_EQ(TextOf({Value::Int(7, kInt), Value::String("red shoe", kString)}), "7,red shoe");
}

TEST(KeyText, NoTwoKeysHaveTheSame) {
  EXPECT_EQ(TextOf({Value::String("a,b", kString), Value::String("c", kString)}), "a%2Cb,c");
  EXPECT_EQ(TextOf({Value::String("a", kString), Value::String("b,c", kString)}), "a,b%2Cc");
  EXPECT_EQ(TextOf({Value::String("%2C", kString)}), "%252C");
  EXPECT_EQ(TextOf({Value::String("{x}\n", kString)}), "%7Bx%7D%0A");
  EXPECT_EQ(TextOf({Value::String("\xc3\xa9", kString)}), "\xc3\xa9");
  EXPECT_EQ(TextOf({Value::String("\xc3\xa9", kBytes)}), "%C3%A9");
}

TEST(KeyText, AKeyOfOtherColumnsIsRefused) {
  std::string text;
  const Type types[] = {kInt, kInt};
  EXPECT_EQ(AppendKeyText(types, *EncodeKey(std::vector{Value::Int(1, kInt)}), &text).error().code,
            ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace skewless
