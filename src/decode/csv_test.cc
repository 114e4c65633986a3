#include <gtest/gtest.h>

#include "decode/csv_reader.h"
#include "decode/csv_record.h"
#include "decode/record_fixture.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

class CsvTest : public ::testing::Test {
 protected:
  ReadRecords Read(const std::string& text, size_t max_records = 1000, int64_t skip = 0) {
    DecodeOptions options;
    options.schema = &schema_;
    options.required = required_;
    return ReadAll(OpenCsv(SystemFiles(), folder_.Write("a.csv", text), options, csv_), schema_,
                   max_records, skip);
  }
  // The only column's value in the only record.
  std::string Value(const ColumnSpec& spec, const std::string& field) {
    schema_ = {{spec}};
    const ReadRecords read = Read(spec.name + ",last\n" + field + ",x\n");
    if (read.rows.size() == 1) return read.rows[0];
    return read.bad.empty() ? read.error : read.bad[0].reason;
  }

  TemporaryFolder folder_;
  Schema schema_{{Spec("id", TypeKind::kInt64), Spec("name", TypeKind::kString)}};
  std::vector<RequiredColumn> required_;
  CsvOptions csv_;
};

TEST_F(CsvTest, FindsColumnsByTheHeader) {
  const ReadRecords read = Read("name,more,id\na,x,1\nb,y,2\n");
  EXPECT_EQ(read.rows, (Rows{"1, 'a'", "2, 'b'"}));
  EXPECT_TRUE(read.bad.empty());
}

TEST_F(CsvTest, HeaderWithoutADeclaredColumn) {
  const std::string error = Read("name,ID\na,1\n").error;
  EXPECT_TRUE(Has(error, "a.csv: the header has no column 'id'; it has 'name', 'ID'")) << error;
  EXPECT_TRUE(Has(Read("id;name\n1;a\n").remedy, "delimiter: \";\"}."));
  EXPECT_TRUE(Has(Read("id\tname\n1\ta\n").remedy, "delimiter: \"\\t\"}."));
  EXPECT_TRUE(Has(Read("id,name,id\n").error, "names column 'id' twice"));
  EXPECT_TRUE(Has(Read("id,\"name\n").error, "a.csv:1: bad header: a quote is never closed"));
  EXPECT_TRUE(
      Has(Read("id,\"name\"x\n").error, "a.csv:1: bad header: text follows a closing quote"));
}

TEST_F(CsvTest, WithoutAHeader) {
  csv_.header = false;
  const ReadRecords read = Read("1,a\n2,b,c\n3,d");
  EXPECT_EQ(read.rows, (Rows{"1, 'a'", "3, 'd'"}));
  ASSERT_EQ(read.bad.size(), 1u);
  EXPECT_EQ(read.bad[0].reason, "expected 2 fields, found 3");
}

TEST_F(CsvTest, EndsOfLinesAndFiles) {
  EXPECT_TRUE(Read("").rows.empty());
  EXPECT_EQ(Read("").error, "");
  EXPECT_TRUE(Read("id,name").rows.empty());
  EXPECT_TRUE(Read("id,name\r\n").rows.empty());
  const Rows both{"1, 'a'", "2, 'b'"};
  EXPECT_EQ(Read("id,name\n1,a\n2,b").rows, both);
  EXPECT_EQ(Read("\xef\xbb\xbfid,name\r\n1,a\r\n2,b\r\n").rows, both);
  EXPECT_EQ(Read("id,name\r\n1,\"a\"\r\n2,\"b\"\r").rows, both);
  EXPECT_EQ(Read("\n\nid,name\n\n1,a\n\r\n2,b\n\n").rows, both);
  EXPECT_EQ(Read("id,name\n1,\n2,").rows, (Rows{"1, null", "2, null"}));
}

TEST_F(CsvTest, Quotes) {
  EXPECT_EQ(Read("\"id\",\"name\"\n\"1\",\"a,\"\"b\"\"\nc\"\n2,a\"b\"\n3,\"\"\n").rows,
            (Rows{"1, 'a,\"b\"\\x0ac'", "2, 'a\"b\"'", "3, ''"}));
  EXPECT_EQ(Read("id,name\n4,\"\"\"\"\n5,\"a\r\nb\"").rows, (Rows{"4, '\"'", "5, 'a\\x0d\\x0ab'"}));
}

TEST_F(CsvTest, BadQuotesSpoilOneRecord) {
  const ReadRecords read = Read("id,name\n1,\"a\"b\n2,c\n3,\"open\n4,d\n");
  EXPECT_EQ(read.rows, (Rows{"2, 'c'", "4, 'd'"}));
  ASSERT_EQ(read.bad.size(), 2u);
  EXPECT_EQ(read.bad[0].reason, "text follows a closing quote");
  EXPECT_EQ(read.bad[0].text, "1,\"a\"b");
  EXPECT_EQ(read.bad[0].line, 2);
  EXPECT_EQ(read.bad[1].reason, "a quote is never closed");
  EXPECT_EQ(read.bad[1].text, "3,\"open");
  EXPECT_EQ(read.bad[1].line, 4);
  EXPECT_EQ(read.bad[1].record, 2);
}

TEST_F(CsvTest, LineNumbersCountEmbeddedLineEnds) {
  const ReadRecords read = Read("id,\"na\nme\",name\n1,\"a\nb\nc\",d\nx,y,z\n\n2,e\n", 1);
  EXPECT_EQ(read.rows, (Rows{"1, 'd'"}));
  ASSERT_EQ(read.bad.size(), 2u);
  EXPECT_EQ(read.bad[0].line, 6);
  EXPECT_EQ(read.bad[0].record, 1);
  EXPECT_EQ(read.bad[0].reason, "column 'id': expected int64, found \"x\"");
  EXPECT_EQ(read.bad[1].line, 8);
  EXPECT_EQ(read.bad[1].reason, "expected 3 fields, found 2");
}

TEST_F(CsvTest, NullTextAndEmptyFields) {
  csv_.null_text = "NA";
  EXPECT_EQ(Read("id,name\nNA,NA\n,\n1,\"NA\"\n2,\"\"\n").rows,
            (Rows{"null, null", "null, null", "1, 'NA'", "2, ''"}));
  EXPECT_EQ(Read("id,name\n\"NA\",x\n").bad.at(0).reason,
            "column 'id': expected int64, found \"NA\"");
}

TEST_F(CsvTest, OtherDelimiters) {
  csv_.delimiter = '\t';
  EXPECT_EQ(Read("id\tname\n1\ta,b\n").rows, (Rows{"1, 'a,b'"}));
  csv_.delimiter = ';';
  EXPECT_EQ(Read("id;name\n1;\"a;b\"\n").rows, (Rows{"1, 'a;b'"}));
}

TEST_F(CsvTest, ValuesOfEveryType) {
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64), " -12 "), "-12");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64), "\"-9223372036854775808\""), "-9223372036854775808");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64), "9223372036854775808"),
            "column 'v': 9223372036854775808 is out of range for int64");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64), "1.0"), "column 'v': expected int64, found \"1.0\"");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64), "+1"), "column 'v': expected int64, found \"+1\"");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64), "-"), "column 'v': expected int64, found \"-\"");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64), "\" \""), "column 'v': expected int64, found \" \"");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt32), "2147483647"), "2147483647");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt32), "-2147483649"),
            "column 'v': -2147483649 is out of range for int32");
  EXPECT_EQ(Value(Spec("v", TypeKind::kFloat64), "1e-3"), "0.001");
  EXPECT_EQ(Value(Spec("v", TypeKind::kFloat64), "nan"), "NaN");
  EXPECT_EQ(Value(Spec("v", TypeKind::kFloat64), "1e-400"), "0.0");
  EXPECT_EQ(Value(Spec("v", TypeKind::kFloat64), "1e400"),
            "column 'v': 1e400 is out of range for float64");
  EXPECT_EQ(Value(Spec("v", TypeKind::kFloat64), "1.5x"),
            "column 'v': expected float64, found \"1.5x\"");
  EXPECT_EQ(Value(Spec("v", TypeKind::kFloat32), "-1e39"),
            "column 'v': -1e39 is out of range for float32");
  EXPECT_EQ(Value(Spec("v", TypeKind::kBool), "TRUE"), "true");
  EXPECT_EQ(Value(Spec("v", TypeKind::kBool), "0"), "false");
  EXPECT_EQ(Value(Spec("v", TypeKind::kBool), "yes"), "column 'v': expected bool, found \"yes\"");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64, true), "\"[1, 2, null]\""), "[1, 2, null]");
  EXPECT_EQ(Value(Spec("v", TypeKind::kString, true), "\"[\"\"a\"\"]\""), "['a']");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64, true), "\"[1],[2]\""),
            "column 'v': expected int64[], found [1],[2]");
  EXPECT_EQ(Value(Spec("v", TypeKind::kInt64, true), "12"),
            "column 'v': expected int64[], found 12");
}

TEST_F(CsvTest, Timestamps) {
  const ColumnSpec text = Spec("v", TypeKind::kTimestamp);
  EXPECT_EQ(Value(text, "2013-01-01T10:00:00Z"), "2013-01-01T10:00:00Z");
  EXPECT_EQ(Value(text, "2013-01-01"), "2013-01-01T00:00:00Z");
  EXPECT_TRUE(
      Value(text, "1700000000").ends_with("declare their unit: timestamp[s], [ms], [us] or [ns]"))
      << Value(text, "1700000000");
  EXPECT_EQ(Value(text, "1 May"), "column 'v': expected timestamp (RFC 3339), found \"1 May\"");
  const ColumnSpec seconds = Spec("v", TypeKind::kTimestamp, false, TimestampUnit::kSeconds);
  EXPECT_EQ(Value(seconds, "1357034400.25"), "2013-01-01T10:00:00.250Z");
  EXPECT_EQ(Value(seconds, "9223372036855"),
            "column 'v': 9223372036855 is out of range for timestamp[s]");
}

TEST_F(CsvTest, InvalidUtf8) {
  EXPECT_EQ(Value(Spec("v", TypeKind::kString), "a\xff"), "column 'v': not valid UTF-8");
  EXPECT_EQ(Value(Spec("v", TypeKind::kString), "caf\xc3\xa9 \xe2\x82\xac"), "'café €'");
  schema_ = {{Spec("v", TypeKind::kBytes)}};
  const ReadRecords read = Read("v\n\xff\xfe\n");
  EXPECT_TRUE(read.bad.empty());
  EXPECT_EQ(read.rows.size(), 1u);
}

TEST_F(CsvTest, RequiredColumns) {
  required_ = {{0, "event_timestamp"}};
  const ReadRecords read = Read("id,name\n,a\n1,b\n");
  EXPECT_EQ(read.rows, (Rows{"1, 'b'"}));
  ASSERT_EQ(read.bad.size(), 1u);
  EXPECT_EQ(read.bad[0].reason, "no event_timestamp (column 'id' is null)");
  EXPECT_EQ(read.bad[0].text, ",a");
}

TEST_F(CsvTest, LongFields) {
  std::string quoted(1 << 20, 'm');
  for (size_t i = 100; i < quoted.size(); i += 1000) quoted[i] = '\n';
  const ReadRecords read =
      Read("id,name\n1,\"" + quoted + "\"\n2," + std::string(1 << 20, 'n') + "\nx,\n");
  ASSERT_EQ(read.rows.size(), 2u);
  EXPECT_EQ(read.rows[1].size(), (1u << 20) + 5);
  ASSERT_EQ(read.bad.size(), 1u);
  EXPECT_EQ(read.bad[0].line, 4 + std::count(quoted.begin(), quoted.end(), '\n'));
}

TEST_F(CsvTest, RecordsTooLongToHold) {
  const std::string huge = "1," + std::string(kMaxRecordBytes, 'h');
  const std::string open =
      "2,\"" + std::string(1000, 'o') + "\n" + std::string(kMaxRecordBytes, 'p');
  const ReadRecords read = Read("id,name\n" + huge + "\n3,a\n" + open + "\n4,b\n");
  EXPECT_EQ(read.rows, (Rows{"3, 'a'", "4, 'b'"}));
  ASSERT_EQ(read.bad.size(), 3u);
  EXPECT_EQ(read.bad[0].reason, "longer than 16 MiB");
  EXPECT_EQ(read.bad[0].text.size(), kMaxKeptBytes);
  EXPECT_EQ(read.bad[1].reason, "a quote is never closed");
  EXPECT_EQ(read.bad[1].text, open.substr(0, 1003));
  EXPECT_EQ(read.bad[2].reason, "longer than 16 MiB");
  EXPECT_EQ(read.bad[2].line, 5);
}

// Records lie across the borders of what is read at a time.
TEST_F(CsvTest, ManyRecords) {
  std::string text = "id,name\n";
  Rows rows;
  for (int i = 0; i < 60'000; ++i) {
    const std::string name = std::string(static_cast<size_t>(i % 40), 'x');
    text += std::to_string(i) + ",\"" + name + "\"\n";
    rows.push_back(std::to_string(i) + ", '" + name + "'");
  }
  EXPECT_GT(text.size(), 1u << 20);
  EXPECT_TRUE(Read(text, 777).rows == rows);
}

TEST_F(CsvTest, SkipsToAnyRecord) {
  const std::string text = "id,name\n0,\"a\nb\"\n\nbad\n2,\"open\n3,d\n";
  for (int64_t skip = 0; skip <= 4; ++skip) {
    const ReadRecords read = Read(text, 1, skip);
    EXPECT_EQ(read.error, "");
    EXPECT_EQ(read.rows.size() + read.bad.size(), static_cast<size_t>(4 - skip));
    if (skip <= 2) {
      EXPECT_EQ(read.bad.back().line, 6);
    }
  }
  EXPECT_TRUE(Has(Read(text, 1, 5).error, "has 4 records, but 5 were read"));
}

TEST_F(CsvTest, ColumnsHaveOtherNamesInTheHeader) {
  schema_ = {{At(Spec("id", TypeKind::kInt64), {"User ID"}),
              At(Spec("name", TypeKind::kString), {"name.first"})}};
  EXPECT_EQ(Read("name.first,id,User ID\na,1,2\n").rows, (Rows{"2, 'a'"}));
  EXPECT_TRUE(Has(Read("name,User ID\n").error,
                  "the header has no column 'name.first'; it has 'name', 'User ID'"));
}

// Cutting a record does not depend on where the window ends.
TEST(CsvRecordTest, NeedsMoreUntilItsEnd) {
  const std::string record = "a,\"b\"\"c\n\",,\"d\"\r";
  const std::string text = record + "\nnext";
  CsvRecord cut;
  for (size_t length = 1; length <= record.size(); ++length) {
    const std::string padded = text.substr(0, length) + std::string(64, '\0');
    EXPECT_NE(CutCsvRecord(padded.data(), padded.data() + length, false, ',', &cut),
              CsvCut::kRecord)
        << length;
  }
  const std::string padded = text + std::string(64, '\0');
  ASSERT_EQ(CutCsvRecord(padded.data(), padded.data() + text.size(), false, ',', &cut),
            CsvCut::kRecord);
  std::string scratch;
  ASSERT_EQ(cut.fields.size(), 4u);
  EXPECT_EQ(CsvValue(cut.fields[1], &scratch), "b\"c\n");
  EXPECT_EQ(CsvValue(cut.fields[2], &scratch), "");
  EXPECT_EQ(CsvValue(cut.fields[3], &scratch), "d");
  EXPECT_FALSE(cut.text_after_quote);
  EXPECT_EQ(cut.lines, 2);
  EXPECT_EQ(std::string(cut.next, 4), "next");
}

}  // namespace
}  // namespace skewless
