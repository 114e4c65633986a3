#include "model/value_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace skewless {
namespace {

constexpr Type kInt32{TypeKind::kInt32, false};
constexpr Type kInt64{TypeKind::kInt64, false};
constexpr Type kFloat32{TypeKind::kFloat32, false};
constexpr Type kFloat64{TypeKind::kFloat64, false};
constexpr Type kBool{TypeKind::kBool, false};
constexpr Type kString{TypeKind::kString, false};
constexpr Type kBytes{TypeKind::kBytes, false};
constexpr Type kTimestamp{TypeKind::kTimestamp, false};

std::string Json(const ValueView& value) {
  std::string out;
  AppendJsonValue(out, value);
  return out;
}

std::string ParsedToJson(std::string_view text, Type type,
                         TimestampUnit unit = TimestampUnit::kText) {
  const auto value = ParseValue(text, type, unit);
  return value.has_value() ? Json(value->view()) : "error: " + value.error().message;
}

TEST(ValueTextTest, ParsesEveryType) {
  EXPECT_EQ(ParsedToJson("TRUE", kBool), "true");
  EXPECT_EQ(ParsedToJson("0", kBool), "false");
  EXPECT_EQ(ParsedToJson("-2147483648", kInt32), "-2147483648");
  EXPECT_EQ(ParsedToJson("9223372036854775807", kInt64), "9223372036854775807");
  EXPECT_EQ(ParsedToJson("3", kFloat64), "3.0");
  EXPECT_EQ(ParsedToJson("nan", kFloat64), "null");
  EXPECT_EQ(ParsedToJson("", kString), "\"\"");
  EXPECT_EQ(ParsedToJson("a \"b\"", kString), "\"a \\\"b\\\"\"");
  EXPECT_EQ(ParsedToJson("Zm8=", kBytes), "\"Zm8=\"");
  EXPECT_EQ(ParsedToJson("2013-01-01", kTimestamp), "\"2013-01-01T00:00:00Z\"");
  EXPECT_EQ(ParseValue("0.1", kFloat32)->double_value, static_cast<double>(0.1F));
  EXPECT_EQ(Json(Value::Null(kString).view()), "null");
}

TEST(ValueTextTest, ListsInTextKeepWhatJsonLacks) {
  const std::string text = "[1.5,NaN,null,Infinity,-Infinity,-0.0]";
  for (const TypeKind kind : {TypeKind::kFloat32, TypeKind::kFloat64}) {
    const auto list = ParseValue(text, {kind, true});
    ASSERT_TRUE(list.has_value());
    std::string out;
    AppendListText(out, list->view());
    EXPECT_EQ(out, text);
    EXPECT_EQ(Json(list->view()), "[1.5,null,null,null,null,-0.0]");
  }
  std::string out;
  AppendListText(out, ParseValue("[\"NaN\", null]", {TypeKind::kString, true})->view());
  AppendListText(out, Value::Null({TypeKind::kFloat64, true}).view());
  EXPECT_EQ(out, "[\"NaN\",null]null");
}

TEST(ValueTextTest, SaysWhatWasExpectedAndFound) {
  EXPECT_EQ(ParsedToJson("abc", kFloat64), "error: expected float64, found \"abc\"");
  EXPECT_EQ(ParsedToJson("", kInt64), "error: expected int64, found \"\"");
  EXPECT_EQ(ParsedToJson("2147483648", kInt32),
            "error: expected int32 (from -2147483648 to 2147483647), found \"2147483648\"");
  EXPECT_EQ(ParsedToJson("1e39", kFloat32),
            "error: expected float32 (up to 3.4e38), found \"1e39\"");
  EXPECT_EQ(ParsedToJson("yes", kBool), "error: expected true or false, found \"yes\"");
  EXPECT_EQ(ParsedToJson("!", kBytes), "error: expected bytes in base64, found \"!\"");
  EXPECT_FALSE(ParseValue("1.5", kInt64).has_value());
  EXPECT_FALSE(ParseValue("1", kTimestamp).has_value());
  EXPECT_EQ(ParsedToJson(std::string(100, 'x'), kInt64),
            "error: expected int64, found \"" + std::string(64, 'x') + "\"...");
}

TEST(ValueTextTest, TimestampsByUnit) {
  const auto micros = [](std::string_view text, TimestampUnit unit) {
    return ParseTimestampNumber(text, unit).value();
  };
  EXPECT_EQ(micros("1700000000", TimestampUnit::kSeconds), 1'700'000'000'000'000);
  EXPECT_EQ(micros("1700000000.25", TimestampUnit::kSeconds), 1'700'000'000'250'000);
  EXPECT_EQ(micros("1700000000.1234569", TimestampUnit::kSeconds), 1'700'000'000'123'456);
  EXPECT_EQ(micros("1.5", TimestampUnit::kMillis), 1500);
  EXPECT_EQ(micros("7", TimestampUnit::kMicros), 7);
  EXPECT_EQ(micros("1999", TimestampUnit::kNanos), 1);
  EXPECT_EQ(micros("-1", TimestampUnit::kNanos), -1);
  EXPECT_EQ(micros("-1000", TimestampUnit::kNanos), -1);
  EXPECT_EQ(micros("-1000.5", TimestampUnit::kNanos), -2);
  EXPECT_EQ(micros("-999.5", TimestampUnit::kNanos), -1);
  EXPECT_EQ(micros("-0.5", TimestampUnit::kSeconds), -500'000);
  EXPECT_EQ(micros("-0.0000005", TimestampUnit::kSeconds), -1);
  EXPECT_EQ(TimestampFromNumber(5, TimestampUnit::kText).value(), 5);
  EXPECT_FALSE(TimestampFromNumber(INT64_MAX, TimestampUnit::kSeconds).has_value());
  for (const char* text : {"", ".5", "1.", "1.x", "1e9", "2013-01-01"}) {
    EXPECT_FALSE(ParseTimestampNumber(text, TimestampUnit::kSeconds).has_value()) << text;
  }
  EXPECT_EQ(ParsedToJson("1500", kTimestamp, TimestampUnit::kMillis),
            "\"1970-01-01T00:00:01.500Z\"");
}

TEST(ValueTextTest, ListsAreJsonArrays) {
  const auto list = [](TypeKind kind) { return Type{kind, true}; };
  EXPECT_EQ(ParsedToJson("[]", list(TypeKind::kInt64)), "[]");
  EXPECT_EQ(ParsedToJson(" [ 1 , null,3 ] ", list(TypeKind::kInt64)), "[1,null,3]");
  EXPECT_EQ(ParsedToJson("[0.5,1]", list(TypeKind::kFloat64)), "[0.5,1.0]");
  EXPECT_EQ(ParsedToJson("[true,false]", list(TypeKind::kBool)), "[true,false]");
  EXPECT_EQ(
      ParsedToJson(R"(["a,b","c\"\\\n","\u00e9\ud83d\ude00","null"])", list(TypeKind::kString)),
      "[\"a,b\",\"c\\\"\\\\\\n\",\"\xc3\xa9\xf0\x9f\x98\x80\",\"null\"]");
  EXPECT_EQ(ParsedToJson("[\"2013-01-01\"]", list(TypeKind::kTimestamp)),
            "[\"2013-01-01T00:00:00Z\"]");
  EXPECT_EQ(ParsedToJson("[1,x]", list(TypeKind::kInt64)), "error: expected int64, found \"x\"");
  for (const char* text : {"", "[", "[1", "[1,", "[1,]", "[,]", "1", "[1]2", "[[1]]", "{}", "[1 2]",
                           "[\"a]", R"(["\q"])", R"(["\u12"])", R"(["\ud800"])", R"(["\udc00"])"}) {
    EXPECT_FALSE(ParseValue(text, list(TypeKind::kString)).has_value()) << text;
  }
}

TEST(ValueTextTest, MalformedListsAreNullInJson) {
  EXPECT_EQ(Json(Value::String("bad", {TypeKind::kInt64, true}).view()), "null");
}

}  // namespace
}  // namespace skewless
