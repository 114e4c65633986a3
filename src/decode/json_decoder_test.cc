// Columns that lie within a record's objects. The rest of JSON is json_lines_test.cc's.
#include "decode/json_decoder.h"

#include "decode/json_lines.h"
#include "decode/record_fixture.h"

namespace skewless {
namespace {

class NestedJsonTest : public ::testing::Test {
 protected:
  // Each line twice: the first time the library reads it, the second time the short way may.
  ReadRecords Read(const std::string& line) {
    DecodeOptions options;
    options.schema = &schema_;
    ReadRecords read = ReadAll(
        OpenJsonLines(SystemFiles(), folder_.Write("a.jsonl", line + "\n" + line + "\n"), options),
        schema_);
    EXPECT_EQ(read.error, "");
    EXPECT_EQ(read.rows.size() + read.bad.size(), 2U) << line;
    if (read.rows.size() == 2) {
      EXPECT_EQ(read.rows[0], read.rows[1]) << line;
    }
    if (read.bad.size() == 2) {
      EXPECT_EQ(read.bad[0].reason, read.bad[1].reason) << line;
    }
    return read;
  }
  std::string Row(const std::string& line) {
    const ReadRecords read = Read(line);
    return read.rows.empty() ? read.bad[0].reason : read.rows[0];
  }

  TemporaryFolder folder_;
  Schema schema_{{Spec("id", TypeKind::kInt64),
                  At(Spec("country", TypeKind::kString), {"user", "geo", "country"}),
                  At(Spec("age", TypeKind::kInt32), {"user", "age"}),
                  At(Spec("at", TypeKind::kTimestamp, false, TimestampUnit::kSeconds), {"@at"}),
                  At(Spec("tags", TypeKind::kString, true), {"user", "a.b"})}};
};

TEST_F(NestedJsonTest, FindsColumnsWithinObjects) {
  const std::string all = "1, 'NO', 7, 1970-01-01T00:00:05Z, ['x']";
  EXPECT_EQ(Row(R"({"id":1,"user":{"geo":{"country":"NO"},"age":7,"a.b":["x"]},"@at":5})"), all);
  EXPECT_EQ(Row(R"({"@at": 5, "user": {"a.b": ["x"], "age": 7, "geo": {"x": {"country": "SE"},)"
                R"( "country": "NO"}}, "id": 1})"),
            all);
  // Without the list all of it is plain, and the short way takes it.
  EXPECT_EQ(Row(R"({"id":1,"user":{"geo":{"country":"NO"},"age":7,"x":"y"},"@at":5})"),
            "1, 'NO', 7, 1970-01-01T00:00:05Z, null");
  // Fields of these names elsewhere are others.
  EXPECT_EQ(Row(R"({"id":1,"country":"NO","age":7,"geo":{"country":"NO"},"at":5,)"
                R"("x":{"user":{"age":8}}})"),
            "1, null, null, null, null");
}

TEST_F(NestedJsonTest, WhatIsNotThereIsNull) {
  for (const char* const line :
       {R"({"id":1})", R"({"id":1,"user":null})", R"({"id":1,"user":{}})",
        R"({"id":1,"user":{"geo":null}})", R"({"id":1,"user":{"geo":{}, "age":null}})"}) {
    EXPECT_EQ(Row(line), "1, null, null, null, null") << line;
  }
}

// As of any field that comes twice: nothing of the one before is left.
TEST_F(NestedJsonTest, TheLastOfARepeatedObjectCounts) {
  EXPECT_EQ(Row(R"({"user":{"age":7},"user":{"geo":{"country":"NO"}}})"),
            "null, 'NO', null, null, null");
  EXPECT_EQ(Row(R"({"user":{"age":7,"geo":{"country":"NO"}},"user":null})"),
            "null, null, null, null, null");
  EXPECT_EQ(Row(R"({"user":{"geo":{"country":"NO"},"geo":{},"age":7}})"),
            "null, null, 7, null, null");
}

TEST_F(NestedJsonTest, SaysWhatIsNoObject) {
  EXPECT_EQ(Row(R"({"user":5})"), "field 'user': expected an object, found 5");
  EXPECT_EQ(Row(R"({"user":{"geo":["NO"]}})"),
            R"(field 'user.geo': expected an object, found ["NO"])");
  EXPECT_EQ(Row(R"({"user":{"geo":"NO"}})"), R"(field 'user.geo': expected an object, found "NO")");
  EXPECT_EQ(Row(R"({"user":{"age":"x"}})"), R"(column 'age': expected int32, found "x")");
  EXPECT_EQ(Row(R"({"user":{"age":5000000000}})"),
            "column 'age': 5000000000 is out of range for int32");
  EXPECT_EQ(Row(R"({"user":nul})"), "field 'user': expected an object, found nul");
  EXPECT_TRUE(Begins(Row(R"({"user":{"age":1)"), "not valid JSON"));
  EXPECT_TRUE(Begins(Row(R"({"user":{"age":1}})"
                         "}"),
                     "not valid JSON"));
}

// The short way knows the fields of each object by itself: how many there are in one, the objects
// around it need not know.
TEST_F(NestedJsonTest, ObjectsOfOtherLengthsFollowEachOther) {
  DecodeOptions options;
  options.schema = &schema_;
  std::string text;
  Rows expected;
  for (int i = 0; i < 50; ++i) {
    const std::string n = std::to_string(i);
    std::string user = R"("geo":{"country":"NO"})";
    for (int more = 0; more < i % 3; ++more) user += R"(,"x)" + std::to_string(more) + R"(":1)";
    user += R"(,"age":)" + n;
    text +=
        R"({"id":)" + n + R"(,"user":{)" + user + "}" + (i % 2 == 0 ? "" : R"(,"@at":1)") + "}\n";
    expected.push_back(n + ", 'NO', " + n + ", " + (i % 2 == 0 ? "null" : "1970-01-01T00:00:01Z") +
                       ", null");
  }
  const ReadRecords read =
      ReadAll(OpenJsonLines(SystemFiles(), folder_.Write("b.jsonl", text), options), schema_);
  EXPECT_EQ(read.rows, expected);
}

}  // namespace
}  // namespace skewless
