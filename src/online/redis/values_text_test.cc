#include "online/redis/values_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>

#include "model/list.h"

namespace skewless::redis {
namespace {

std::string TextOf(const Value& value) {
  std::string text;
  AppendValueText(value.view(), &text);
  return text;
}

void ExpectBack(const Value& value) {
  const auto back = ParseValueText(TextOf(value), value.type);
  ASSERT_TRUE(back.has_value()) << TextOf(value);
  EXPECT_TRUE(SameBits(back->view(), value.view())) << TextOf(value);
}

constexpr Type Of(TypeKind kind, bool is_list = false) { return {kind, is_list}; }

TEST(ValuesText, IsWhatPeopleExpect) {
  EXPECT_EQ(TextOf(Value::Int(3, Of(TypeKind::kInt64))), "3");
  EXPECT_EQ(TextOf(Value::Int(1, Of(TypeKind::kBool))), "true");
  EXPECT_EQ(TextOf(Value::Double(0.1, Of(TypeKind::kFloat64))), "0.1");
  EXPECT_EQ(TextOf(Value::Double(2, Of(TypeKind::kFloat64))), "2.0");
  EXPECT_EQ(TextOf(Value::Double(0.1F, Of(TypeKind::kFloat32))), "0.1");
  EXPECT_EQ(TextOf(Value::String("it's", Of(TypeKind::kString))), "it's");
  EXPECT_EQ(TextOf(Value::Int(0, Of(TypeKind::kTimestamp))), "1970-01-01T00:00:00Z");
  ListBuilder list(TypeKind::kString);
  list.Add(Value::String("a\"b\n", Of(TypeKind::kString)).view());
  list.Add(Value::Null(Of(TypeKind::kString)).view());
  const Value strings = Value::String(std::string(list.Finish()), Of(TypeKind::kString, true));
  EXPECT_EQ(TextOf(strings), R"(["a\"b\u000a",null])");
}

TEST(ValuesText, EveryValueComesBackToTheBit) {
  std::mt19937_64 random(3);
  using Limits = std::numeric_limits<double>;
  std::vector<double> doubles = {0.0,
                                 -0.0,
                                 Limits::max(),
                                 Limits::min(),
                                 Limits::lowest(),
                                 Limits::denorm_min(),
                                 Limits::infinity(),
                                 -Limits::infinity(),
                                 Limits::quiet_NaN()};
  for (int i = 0; i < 20'000; ++i) doubles.push_back(std::bit_cast<double>(random()));
  ListBuilder list(TypeKind::kFloat64);
  for (const double value : doubles) {
    ExpectBack(Value::Double(value, Of(TypeKind::kFloat64)));
    const auto small = std::bit_cast<float>(static_cast<uint32_t>(random()));
    ExpectBack(Value::Double(small, Of(TypeKind::kFloat32)));
    ExpectBack(Value::Int(static_cast<int64_t>(random()), Of(TypeKind::kInt64)));
    ExpectBack(
        Value::Int(static_cast<int64_t>(random()) >> (random() % 64), Of(TypeKind::kTimestamp)));
    if (value == value) list.Add(Value::Double(value, Of(TypeKind::kFloat64)).view());
  }
  ExpectBack(Value::String(std::string(list.Finish()), Of(TypeKind::kFloat64, true)));
  for (const std::string text : {"", "\xff\xfe", "a,b", "[1]", "null", "\"\\\x01"}) {
    ExpectBack(Value::String(text, Of(TypeKind::kString)));
    ExpectBack(Value::String(text, Of(TypeKind::kBytes)));
    for (const TypeKind kind : {TypeKind::kString, TypeKind::kBytes}) {
      ListBuilder texts(kind);
      texts.Add(Value::String(text, Of(kind)).view());
      texts.Add(Value::Null(Of(kind)).view());
      ExpectBack(Value::String(std::string(texts.Finish()), Of(kind, true)));
    }
  }
}

}  // namespace
}  // namespace skewless::redis
