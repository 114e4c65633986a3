#include "model/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/list.h"

namespace skewless {
namespace {

constexpr Type kInt64{TypeKind::kInt64, false};
constexpr Type kFloat32{TypeKind::kFloat32, false};

TEST(ValueTest, SameBitsMeansTypeNullnessAndBits) {
  EXPECT_TRUE(SameBits(Value::Int(1).view(), Value::Int(1).view()));
  EXPECT_FALSE(SameBits(Value::Int(1).view(), Value::Int(2).view()));
  EXPECT_FALSE(SameBits(Value::Int(1).view(), Value::Int(1, {TypeKind::kInt32, false}).view()));
  EXPECT_FALSE(SameBits(Value::Int(0).view(), Value::Null(kInt64).view()));
  EXPECT_TRUE(SameBits(Value::Null(kInt64).view(), Value::Null(kInt64).view()));
  EXPECT_FALSE(SameBits(Value::Double(0.0).view(), Value::Double(-0.0).view()));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(SameBits(Value::Double(nan).view(), Value::Double(std::copysign(nan, -1)).view()));
  EXPECT_FALSE(SameBits(Value::Double(nan).view(), Value::Double(1).view()));
  EXPECT_TRUE(SameBits(Value::String("a").view(), Value::String("a").view()));
  EXPECT_FALSE(
      SameBits(Value::String("a").view(), Value::String("a", {TypeKind::kBytes, false}).view()));
}

TEST(ValueTest, ColumnsGiveBackWhatWasAppended) {
  const std::vector<Value> values = {Value::Int(-5), Value::Double(0.5, kFloat32),
                                     Value::String("text"), Value::Int(1, {TypeKind::kBool, false}),
                                     Value::String("x", {TypeKind::kInt64, true})};
  for (const Value& value : values) {
    Column column;
    column.type = value.type;
    AppendValue(column, value.view());
    AppendValue(column, Value::Null(value.type).view());
    EXPECT_TRUE(SameBits(ValueAt(column, 0), value.view()));
    EXPECT_TRUE(SameBits(ValueAt(column, 1), Value::Null(value.type).view()));
    EXPECT_TRUE(SameBits(Value::Of(value.view()).view(), value.view()));
  }
}

TEST(ValueTest, FormatsForPeople) {
  EXPECT_EQ(FormatValue(Value::Null(kInt64).view()), "null");
  EXPECT_EQ(FormatValue(Value::Int(-1).view()), "-1");
  EXPECT_EQ(FormatValue(Value::Int(1, {TypeKind::kBool, false}).view()), "true");
  EXPECT_EQ(FormatValue(Value::Double(2).view()), "2.0");
  EXPECT_EQ(FormatValue(Value::Double(0.1F, kFloat32).view()), "0.1");
  EXPECT_EQ(FormatValue(Value::String("it's\n").view()), "'it''s\\x0a'");
  EXPECT_EQ(FormatValue(Value::String("\xff\x01", {TypeKind::kBytes, false}).view()), "x'ff01'");
  EXPECT_EQ(FormatValue(Value::Int(0, {TypeKind::kTimestamp, false}).view()),
            "1970-01-01T00:00:00Z");
  ListBuilder list(TypeKind::kInt64);
  list.Add(Value::Int(1).view());
  list.Add(Value::Null(kInt64).view());
  const Type list_type{TypeKind::kInt64, true};
  EXPECT_EQ(FormatValue(Value::String(std::string(list.Finish()), list_type).view()), "[1, null]");
  EXPECT_EQ(FormatValue(Value::String("bad", list_type).view()), "[malformed]");
}

}  // namespace
}  // namespace skewless
