#include "model/list.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace skewless {
namespace {

Value ValueOfKind(TypeKind kind, int64_t i) {
  const Type type{kind, false};
  switch (PhysicalOf(type)) {
    case Physical::kInt:
      return Value::Int(i * 1'000'003, type);
    case Physical::kDouble:
      return Value::Double(static_cast<double>(i) / 4, type);
    case Physical::kBytes:
      return Value::String(std::string(static_cast<size_t>(i), 'x'), type);
  }
  return {};
}

TEST(ListTest, GoesThereAndBackForEveryElementType) {
  for (uint8_t kind = 0; kind <= static_cast<uint8_t>(TypeKind::kTimestamp); ++kind) {
    const auto element = static_cast<TypeKind>(kind);
    std::vector<Value> values;
    for (int64_t i = 0; i < 20; ++i) {
      values.push_back(i % 3 == 1 ? Value::Null({element, false}) : ValueOfKind(element, i));
    }
    ListBuilder builder(element);
    for (const Value& value : values) builder.Add(value.view());
    const std::string encoded(builder.Finish());
    std::vector<ValueView> decoded;
    ASSERT_TRUE(DecodeList(element, encoded, &decoded));
    EXPECT_EQ(ListLength(encoded), values.size());
    ASSERT_EQ(decoded.size(), values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_TRUE(SameBits(decoded[i], values[i].view())) << i;
    }
    for (size_t cut = 0; cut < encoded.size(); ++cut) {
      EXPECT_FALSE(DecodeList(element, encoded.substr(0, cut), &decoded)) << cut;
    }
    EXPECT_FALSE(DecodeList(element, encoded + '\0', &decoded));
  }
}

TEST(ListTest, TheBytesAreAsDocumented) {
  ListBuilder builder(TypeKind::kString);
  builder.Add(Value::String("ab").view());
  builder.Add(Value::Null({TypeKind::kString, false}).view());
  EXPECT_EQ(builder.Finish(), std::string_view("\2\0\0\0\1\2\0\0\0ab\0", 12));
  builder.Clear();
  EXPECT_EQ(builder.Finish(), std::string_view("\0\0\0\0", 4));
}

TEST(ListTest, AllNansAreOne) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ListBuilder a(TypeKind::kFloat64);
  ListBuilder b(TypeKind::kFloat64);
  a.Add(Value::Double(nan).view());
  b.Add(Value::Double(std::copysign(nan, -1)).view());
  EXPECT_EQ(a.Finish(), b.Finish());
}

TEST(ListTest, RefusesMalformedBytes) {
  std::vector<ValueView> out;
  EXPECT_FALSE(DecodeList(TypeKind::kInt64, "", &out));
  EXPECT_FALSE(DecodeList(TypeKind::kInt64, "\xff\xff\xff\xff", &out));
  EXPECT_FALSE(DecodeList(TypeKind::kInt64, std::string_view("\1\0\0\0\2", 5), &out));
  EXPECT_FALSE(
      DecodeList(TypeKind::kString, std::string_view("\1\0\0\0\1\xff\xff\xff\xff", 9), &out));
  EXPECT_EQ(ListLength("abc"), 0U);
}

}  // namespace
}  // namespace skewless
