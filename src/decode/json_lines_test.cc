#include "decode/json_lines.h"

#include <gtest/gtest.h>

#include "decode/record_fixture.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

class JsonLinesTest : public ::testing::Test {
 protected:
  ReadRecords Read(const std::string& text, size_t max_records = 1000, int64_t skip = 0) {
    DecodeOptions options;
    options.schema = &schema_;
    options.required = required_;
    return ReadAll(OpenJsonLines(SystemFiles(), folder_.Write("a.jsonl", text), options), schema_,
                   max_records, skip);
  }
  // The reason that the only record is bad for.
  std::string Reason(const std::string& record) {
    const ReadRecords read = Read(record);
    EXPECT_TRUE(read.rows.empty()) << record;
    EXPECT_EQ(read.error, "");
    if (read.bad.size() != 1)
      return "there are " + std::to_string(read.bad.size()) + " bad records";
    EXPECT_EQ(read.bad[0].text, record);
    EXPECT_EQ(read.bad[0].line, 1);
    return read.bad[0].reason;
  }
  // The only row of one column.
  std::string Value(const ColumnSpec& spec, const std::string& json) {
    schema_ = {{spec}};
    const ReadRecords read = Read("{\"" + spec.name + "\": " + json + "}");
    if (read.rows.size() == 1) return read.rows[0];
    return read.bad.empty() ? read.error : read.bad[0].reason;
  }

  TemporaryFolder folder_;
  Schema schema_{{Spec("id", TypeKind::kInt64), Spec("price", TypeKind::kFloat64),
                  Spec("kind", TypeKind::kString)}};
  std::vector<RequiredColumn> required_;
};

TEST_F(JsonLinesTest, MatchesFieldsByNameInAnyOrder) {
  const ReadRecords read = Read(
      "{\"id\":1,\"price\":2.5,\"kind\":\"a\"}\n"
      "{\"kind\":\"b\",\"id\":2,\"price\":3}\n"
      "{ \"other\" : {\"id\":[7,{\"x\":\"}\"}]}, \"price\" : -1e3 , \"id\" : -3 }\n"
      "{\"id\":4,\"kind\":null}\n"
      "{}\n");
  EXPECT_EQ(read.rows, (Rows{"1, 2.5, 'a'", "2, 3.0, 'b'", "-3, -1000.0, null", "4, null, null",
                             "null, null, null"}));
  EXPECT_TRUE(read.bad.empty());
}

TEST_F(JsonLinesTest, LastOfARepeatedFieldCounts) {
  const ReadRecords read = Read("{\"id\":1,\"id\":2}\n{\"id\":1,\"price\":2,\"id\":null}\n");
  EXPECT_EQ(read.rows, (Rows{"2, null, null", "null, 2.0, null"}));
}

TEST_F(JsonLinesTest, EndsOfLinesAndFiles) {
  EXPECT_TRUE(Read("").rows.empty());
  EXPECT_TRUE(Read("\n \n\t\r\n").rows.empty());
  EXPECT_EQ(Read("\xef\xbb\xbf{\"id\":1}\r\n\r\n{\"id\":2}").rows,
            (Rows{"1, null, null", "2, null, null"}));
  EXPECT_TRUE(Read("\xef\xbb\xbf").rows.empty());
}

TEST_F(JsonLinesTest, TellsLinesAndRecordsOfBadOnes) {
  const ReadRecords read = Read("{\"id\":1}\n\nnonsense\n{\"id\":2}\n{\"id\":true}\n", 2);
  EXPECT_EQ(read.rows, (Rows{"1, null, null", "2, null, null"}));
  ASSERT_EQ(read.bad.size(), 2u);
  EXPECT_EQ(read.bad[0].line, 3);
  EXPECT_EQ(read.bad[0].record, 1);
  EXPECT_EQ(read.bad[0].text, "nonsense");
  EXPECT_EQ(read.bad[1].line, 5);
  EXPECT_EQ(read.bad[1].record, 3);
}

TEST_F(JsonLinesTest, ReasonsNameColumnTypeAndValue) {
  EXPECT_EQ(Reason("{\"price\":\"abc\"}"), "column 'price': expected float64, found \"abc\"");
  EXPECT_EQ(Reason("{\"id\":1.5}"), "column 'id': expected int64, found 1.5");
  EXPECT_EQ(Reason("{\"id\":9223372036854775808}"),
            "column 'id': 9223372036854775808 is out of range for int64");
  EXPECT_EQ(Reason("{\"id\":-99999999999999999999 }"),
            "column 'id': -99999999999999999999 is out of range for int64");
  EXPECT_EQ(Reason("{\"id\":[1, 2]}"), "column 'id': expected int64, found [1, 2]");
  EXPECT_EQ(Reason("{\"kind\":{\"a\":1}}"), "column 'kind': expected string, found {\"a\":1}");
  EXPECT_EQ(Reason("{\"kind\":5}"), "column 'kind': expected string, found 5");
  EXPECT_EQ(Reason("{\"kind\":false}"), "column 'kind': expected string, found false");
  EXPECT_EQ(Reason("{\"price\":1e400}"), "column 'price': 1e400 is out of range for float64");
  EXPECT_EQ(Reason("{\"id\":01}"), "column 'id': expected int64, found 01");
  EXPECT_EQ(Reason("{\"price\":NaN}").substr(0, 14), "not valid JSON");
  EXPECT_EQ(Reason("{\"kind\":tru}"), "column 'kind': expected string, found tru");
  EXPECT_EQ(Reason("{\"id\":nul}"), "column 'id': expected int64, found nul");
  EXPECT_EQ(Reason("{\"price\":\"" + std::string(200, 'x') + "\"}"),
            "column 'price': expected float64, found \"" + std::string(79, 'x') + "...");
}

TEST_F(JsonLinesTest, WhatIsNotAnObject) {
  // A file that is one array, on one line or over several.
  for (const std::string line : {"[1]", "[{\"id\":1},{\"id\":2}]", "[", " ]", "]"}) {
    EXPECT_TRUE(Begins(Reason(line), "expected a JSON object, found an array's '")) << Reason(line);
    EXPECT_NE(Reason(line).find("jq -c '.[]'"), std::string::npos) << Reason(line);
  }
  for (const std::string line : {"{\"id\":1", "}", "{\"id\":[1}", "{\"id\":1]"}) {
    EXPECT_EQ(Reason(line).find("fatal"), std::string::npos) << Reason(line);
    EXPECT_EQ(Reason(line).find("_"), std::string::npos) << Reason(line);
  }
  EXPECT_EQ(Reason("12"), "expected a JSON object");
  EXPECT_TRUE(Begins(Reason("{\"id\":1"), "not valid JSON"));
  EXPECT_TRUE(Begins(Reason("{\"id\":1}}"), "not valid JSON"));
  EXPECT_TRUE(Begins(Reason("{\"id\":1} {\"id\":2}"), "not valid JSON"));
  EXPECT_TRUE(Begins(Reason("{\"id\" 1}"), "not valid JSON"));
  EXPECT_TRUE(Begins(Reason("{\"kind\":\"open}"), "not valid JSON"));
  EXPECT_TRUE(Begins(Reason("{\"kind\":\"a\\x\"}"), "not valid JSON"));
  EXPECT_EQ(Reason("{\"kind\":\"\xff\"}"), "not valid UTF-8");
}

TEST_F(JsonLinesTest, Strings) {
  const ColumnSpec text = Spec("s", TypeKind::kString);
  EXPECT_EQ(Value(text, "\"\""), "''");
  EXPECT_EQ(Value(text, "\"\\u00e9\\n\\\"\\\\\\ud83d\\ude00\""), "'é\\x0a\"\\😀'");
  EXPECT_EQ(Value(text, "  \"a b\"  "), "'a b'");
  EXPECT_TRUE(Begins(Value(text, "\"\\ud83d\""), "not valid JSON"));
  schema_ = {{Spec("naïve", TypeKind::kInt64)}};
  EXPECT_EQ(Read("{\"na\\u00efve\":1}\n{\"naïve\":2}\n{\"na\\u00efve\":3}").rows,
            (Rows{"1", "2", "3"}));
}

TEST_F(JsonLinesTest, NumbersOfEveryType) {
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt32), "-2147483648"), "-2147483648");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt32), "2147483648"),
            "column 'v': 2147483648 is out of range for int32");
  EXPECT_EQ(Value(Spec("v", TypeKind::kFloat32), "0.1"), "0.1");
  EXPECT_EQ(Value(Spec("v", TypeKind::kFloat32), "1e39"),
            "column 'v': 1e39 is out of range for float32");
  EXPECT_EQ(Value(Spec("v", TypeKind::kFloat64), "1e-400"), "0.0");
  EXPECT_EQ(Value(Spec("v", TypeKind::kFloat64), "9007199254740993"), "9007199254740992.0");
  EXPECT_EQ(Value(Spec("v", TypeKind::kBool), "true"), "true");
  EXPECT_EQ(Value(Spec("v", TypeKind::kBool), "1"), "column 'v': expected bool, found 1");
}

TEST_F(JsonLinesTest, TimestampsInUnits) {
  const auto value = [&](TimestampUnit unit, const std::string& json) {
    return Value(Spec("t", TypeKind::kTimestamp, false, unit), json);
  };
  EXPECT_EQ(value(TimestampUnit::kSeconds, "1357016400"), "2013-01-01T05:00:00Z");
  EXPECT_EQ(value(TimestampUnit::kSeconds, "1357016400.25"), "2013-01-01T05:00:00.250Z");
  EXPECT_EQ(value(TimestampUnit::kMillis, "1357016400001"), "2013-01-01T05:00:00.001Z");
  EXPECT_EQ(value(TimestampUnit::kMicros, "1357016400000001"), "2013-01-01T05:00:00.000001Z");
  EXPECT_EQ(value(TimestampUnit::kNanos, "1357016400000001999"), "2013-01-01T05:00:00.000001Z");
  EXPECT_EQ(value(TimestampUnit::kNanos, "-1"), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(value(TimestampUnit::kSeconds, "-0.0000001"), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(value(TimestampUnit::kSeconds, "1.3570164e9"), "2013-01-01T05:00:00Z");
  EXPECT_EQ(value(TimestampUnit::kSeconds, "9223372036855"),
            "column 't': 9223372036855 is out of range for timestamp[s]");
  EXPECT_EQ(value(TimestampUnit::kMillis, "1e30"),
            "column 't': 1e30 is out of range for timestamp[ms]");
  EXPECT_EQ(value(TimestampUnit::kMillis, "\"2013-01-01T05:00:00Z\""),
            "column 't': expected timestamp[ms], found \"2013-01-01T05:00:00Z\"");
}

TEST_F(JsonLinesTest, TimestampsAsText) {
  const ColumnSpec text = Spec("t", TypeKind::kTimestamp);
  EXPECT_EQ(Value(text, "\"2013-01-01T05:00:00.5Z\""), "2013-01-01T05:00:00.500Z");
  EXPECT_EQ(Value(text, "\"2013-01-01 05:00:00+05:00\""), "2013-01-01T00:00:00Z");
  EXPECT_EQ(Value(text, "\"2012-02-29T00:00:00Z\""), "2012-02-29T00:00:00Z");
  EXPECT_EQ(Value(text, "\"2013-02-29T00:00:00Z\""),
            "column 't': expected timestamp (RFC 3339), found \"2013-02-29T00:00:00Z\"");
  EXPECT_EQ(Value(text, "1357016400"),
            "column 't': expected timestamp (RFC 3339), found 1357016400; for numbers declare "
            "their unit: timestamp[s], [ms], [us] or [ns]");
}

TEST_F(JsonLinesTest, Lists) {
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64, true), "[1, null, -3]"), "[1, null, -3]");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64, true), "[]"), "[]");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64, true), "null"), "null");
  EXPECT_EQ(Value(Spec("v", TypeKind::kString, true), "[\"a\\n\", \"b\"]"), "['a\\x0a', 'b']");
  EXPECT_EQ(Value(Spec("v", TypeKind::kTimestamp, true, TimestampUnit::kSeconds), "[1, 2.5]"),
            "[1970-01-01T00:00:01Z, 1970-01-01T00:00:02.500Z]");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt32, true), "[1, 3000000000]"),
            "column 'v': 3000000000 is out of range for int32[]");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64, true), "5"), "column 'v': expected int64[], found 5");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64, true), "[[1]]"),
            "column 'v': expected int64[], found [1]");
}

TEST_F(JsonLinesTest, RequiredColumns) {
  required_ = {{0, "event_timestamp"}};
  EXPECT_EQ(Reason("{\"price\":1}"), "no event_timestamp (column 'id' is null)");
  EXPECT_EQ(Reason("{\"id\":null}"), "no event_timestamp (column 'id' is null)");
  const ReadRecords read = Read("{\"kind\":\"x\"}\n{\"id\":1}\n");
  EXPECT_EQ(read.rows, (Rows{"1, null, null"}));
  schema_.columns[0].field = {"user", "id"};
  EXPECT_EQ(Reason(R"({"user":null})"),
            "no event_timestamp (column 'id', field 'user.id', is null)");
}

// A bad record leaves nothing behind in the row that comes next.
TEST_F(JsonLinesTest, BadRecordsLeaveNoTrace) {
  const ReadRecords read = Read("{\"id\":1,\"kind\":\"x\",\"price\":\"bad\"}\n{\"price\":2}\n");
  EXPECT_EQ(read.rows, (Rows{"null, 2.0, null"}));
}

TEST_F(JsonLinesTest, LongRecords) {
  const std::string megabyte(1 << 20, 'm');
  const ReadRecords read = Read("{\"id\":1}\n{\"kind\":\"" + megabyte + "\"}\n{\"kind\":\"" +
                                megabyte + "\\n\"}\n{\"id\":2}");
  ASSERT_EQ(read.rows.size(), 4u);
  EXPECT_TRUE(read.rows[1] == "null, null, '" + megabyte + "'");
  EXPECT_TRUE(read.rows[2] == "null, null, '" + megabyte + "\\x0a'");
}

TEST_F(JsonLinesTest, RecordsTooLongToHold) {
  const std::string huge = "{\"kind\":\"" + std::string(kMaxRecordBytes + (1 << 20), 'h');
  const ReadRecords read = Read("{\"id\":1}\n" + huge + "\"}\n{\"id\":2}\nbad");
  EXPECT_EQ(read.rows, (Rows{"1, null, null", "2, null, null"}));
  ASSERT_EQ(read.bad.size(), 2u);
  EXPECT_EQ(read.bad[0].reason, "longer than 16 MiB");
  EXPECT_EQ(read.bad[0].text, huge.substr(0, kMaxKeptBytes));
  EXPECT_EQ(read.bad[1].line, 4);
}

TEST_F(JsonLinesTest, NothingStaysOfARecordTooLongToHold) {
  const std::string huge = "{\"id\":2,\"kind\":\"" + std::string(kMaxRecordBytes, 'h');
  const ReadRecords read = Read("{\"id\":1,\"kind\":\"a\"}\n" + huge + "\"}\n{\"kind\":\"b\"}");
  EXPECT_EQ(read.rows, (Rows{"1, null, 'a'", "null, null, 'b'"}));
  EXPECT_EQ(read.bad.size(), 1u);
}

TEST_F(JsonLinesTest, SkipsToAnyRecord) {
  const std::string text = "{\"id\":0}\n\nbad\n{\"id\":2}\n{\"id\":3}\n\n";
  for (int64_t skip = 0; skip <= 4; ++skip) {
    const ReadRecords read = Read(text, 1, skip);
    EXPECT_EQ(read.error, "");
    EXPECT_EQ(read.rows.size() + read.bad.size(), static_cast<size_t>(4 - skip));
    for (const BadRecord& bad : read.bad) EXPECT_EQ(bad.line, 3);
  }
  EXPECT_TRUE(Has(Read(text, 1, 5).error, "has 4 records, but 5 were read"));
}

TEST_F(JsonLinesTest, KeptPartDoesNotCutCharacters) {
  const std::string text = std::string(kMaxKeptBytes - 1, 'a') + "é";
  EXPECT_EQ(KeptPart(text), std::string(kMaxKeptBytes - 1, 'a'));
  EXPECT_EQ(KeptPart("short"), "short");
  const std::string broken(kMaxKeptBytes + 8, '\x80');
  EXPECT_EQ(KeptPart(broken).size(), kMaxKeptBytes);
}

}  // namespace
}  // namespace skewless
