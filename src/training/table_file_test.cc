#include "training/table_file.h"

#include <arrow/extension/json.h>
#include <arrow/extension/uuid.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include "training/label_file_fixture.h"

namespace skewless {
namespace {

class TableFileTest : public LabelFileTest {
 protected:
  // A Parquet file as others write it, without what Arrow would say of its types.
  std::string WritePlain(const std::string& name, const arrow::Table& table) {
    const auto file = arrow::io::FileOutputStream::Open(clicks_.Path(name)).ValueOrDie();
    EXPECT_TRUE(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), file).ok());
    EXPECT_TRUE(file->Close().ok());
    return clicks_.Path(name);
  }
};

// In Arrow's nanoseconds they would be of another year, in a column that is no label's time, too.
TEST_F(TableFileTest, TimesInCsvOfAnyYearStayThemselves) {
  const std::string far = "9999-12-31T23:59:59.999Z", old = "1600-01-01T00:00:00.500Z";
  const auto years = [&](const std::string& text) {
    const auto read = ReadLabels(WriteCsv(text), "t");
    EXPECT_TRUE(read.has_value()) << read.error().ToString();
    return FormatTimestamp(read->time_us[0]) + " " +
           (*read->table->GetColumnByName("until")->GetScalar(0))->ToString();
  };
  EXPECT_EQ(years("t,until\n" + far + "," + old + "\n"), far + " " + old);
  EXPECT_EQ(years("t,until\n" + old + "," + far + "\n"), old + " " + far);
  EXPECT_EQ(years("t,until\n2020-01-01T00:00:00.5Z,NA\n"
                  "2020-01-01T00:00:01Z,2261-01-01T00:00:00.25Z\n"),
            "2020-01-01T00:00:00.500Z null");
}

// DuckDB writes both; in Parquet and Arrow they are types, in a CSV text.
TEST_F(TableFileTest, UuidsAndJsonStayThemselves) {
  const std::string id = "0190163d-8694-739b-aea5-966c26f8ad91";
  const std::string bytes("\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96\x6c\x26\xf8\xad\x91", 16);
  clicks_.Append({{7, id, "2.0", 40, kMinuteUs}});
  const auto of = [](const std::shared_ptr<arrow::DataType>& type,
                     const std::shared_ptr<arrow::Array>& storage) {
    return arrow::ExtensionType::WrapArray(type, storage);
  };
  const auto ids =
      of(arrow::extension::uuid(), ArrayOf<arrow::FixedSizeBinaryBuilder, std::string>(
                                       arrow::fixed_size_binary(16), {bytes, std::nullopt}));
  const auto notes = of(arrow::extension::json(arrow::utf8()),
                        ArrayOf<arrow::StringBuilder, std::string>(arrow::utf8(), {"{}", "[1]"}));
  const Timestamp at = kTestStart + kHourUs;
  const auto times = ArrayOf<arrow::TimestampBuilder, int64_t>(
      arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), {at, at});
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("item", ids->type()), arrow::field("note", notes->type()),
                     arrow::field("event_timestamp", times->type())}),
      {ids, notes, times});
  for (const std::string in : {"in.parquet", "in.arrow"}) {
    const std::string labels = in == "in.arrow" ? WriteTable(in, table) : WritePlain(in, *table);
    for (const std::string out : {"out.parquet", "out.arrow"}) {
      const auto made = Make(labels, out, {"popular"});
      ASSERT_TRUE(made.has_value()) << made.error().ToString();
      const auto read = ReadLabels(clicks_.Path(out), "event_timestamp");
      ASSERT_TRUE(read.has_value()) << read.error().ToString();
      for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(read->table->column(i)->Equals(*table->column(i))) << in << out << i;
      // A key that is text has the UUID's.
      EXPECT_EQ(read->table->GetColumnByName("views")->GetScalar(0).ValueOrDie()->ToString(), "1");
    }
    ASSERT_TRUE(Make(labels, "out.csv", {"popular"}).has_value());
    EXPECT_EQ(Text("out.csv").substr(0, Text("out.csv").find("Z")),
              "\"item\",\"note\",\"event_timestamp\",\"views\"\n\"" + id +
                  "\",\"{}\",\"2020-01-01T01:00:00");
  }
}

TEST_F(TableFileTest, WhatIsNoFileOfItsFormatIsSaidWithARemedy) {
  clicks_.repository().Write("stream.arrow", std::string("\xff\xff\xff\xff\0\0\0\0", 8));
  clicks_.repository().Write("text.parquet", "user,event_timestamp\n");
  for (const auto& [name, part] :
       {std::pair("stream.arrow", "no stream"), std::pair("text.parquet", "Write it again")}) {
    const auto read = ReadLabels(clicks_.Path(name), "event_timestamp");
    ASSERT_FALSE(read.has_value());
    EXPECT_NE(read.error().remedy.find(part), std::string::npos) << read.error().ToString();
  }
}

TEST_F(TableFileTest, KeysThatAreTextStayTextInEveryFormat) {
  clicks_.Append({{5, "007", "1.0", 40, kMinuteUs},
                  {5, "NA", "1.0", 41, kMinuteUs},
                  {5, "7", "1.0", 42, kMinuteUs}});
  const std::string at = ",2020-01-01T01:00:00Z,NA,1\n";
  WriteCsv("item,event_timestamp,note,n\n007" + at + "NA" + at + "a" + at);
  ASSERT_TRUE(Make(clicks_.Path("labels.csv"), "out.parquet", {"popular"}).has_value());
  WriteCsv("item,event_timestamp,note,n\n007" + at + "7" + at);
  ASSERT_TRUE(Make(clicks_.Path("labels.csv"), "out2.parquet", {"popular"}).has_value());
  const auto first = ReadLabels(clicks_.Path("out.parquet"), "event_timestamp");
  const auto second = ReadLabels(clicks_.Path("out2.parquet"), "event_timestamp");
  StringArena arena;
  for (const auto* read : {&first, &second}) {
    ASSERT_TRUE(read->has_value());
    const auto views = LabelColumn(**read, "views", {TypeKind::kInt64, false}, &arena);
    const auto notes = LabelColumn(**read, "note", {TypeKind::kString, false}, &arena);
    ASSERT_TRUE(views.has_value() && notes.has_value());
    for (size_t row = 0; row < views->size(); ++row) {
      EXPECT_EQ(FormatValue(ValueAt(*views, row)), "1") << row;
      EXPECT_EQ(FormatValue(ValueAt(*notes, row)), "'NA'");
    }
    // The others are what they look like.
    EXPECT_EQ((*read)->table->GetColumnByName("n")->type()->id(), arrow::Type::INT64);
  }
}

TEST_F(TableFileTest, KeysThatAreBytesMayLookLikeNumbers) {
  std::string yaml = kTrainingYaml;
  for (size_t at = 0; (at = yaml.find("item: string", at)) != std::string::npos;)
    yaml.replace(at, 12, "item: bytes");
  LoggedClicks clicks(yaml);
  clicks.Append({{1, "MDA3", "1.0", 40, kMinuteUs}});  // 007 in base64
  clicks.repository().Write("labels.csv", "item,event_timestamp\n007,2020-01-01T01:00:00Z\n");
  TrainingSetRequest request;
  request.labels_path = clicks.Path("labels.csv");
  request.output_path = clicks.Path("out.parquet");
  request.features = {"popular"};
  const auto made = MakeTrainingSet(SystemFiles(), clicks.definition(), request);
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
  EXPECT_EQ(made->counts.not_found, 0);
}

TEST_F(TableFileTest, EmptyTextIsNotNullInCsv) {
  const auto labels =
      ReadLabels(WriteCsv("t,s,l\n2020-01-01,\"\",\"[1,null]\"\n2020-01-01,,\n2020-01-01,x,[]\n"),
                 "t", {true, {}});
  ASSERT_TRUE(labels.has_value()) << labels.error().ToString();
  StringArena arena;
  const auto texts = LabelColumn(*labels, "s", {TypeKind::kString, false}, &arena);
  const auto lists = LabelColumn(*labels, "l", {TypeKind::kInt64, true}, &arena);
  ASSERT_TRUE(texts.has_value() && lists.has_value());
  EXPECT_EQ(FormatValue(ValueAt(*texts, 0)), "''");
  EXPECT_EQ(FormatValue(ValueAt(*texts, 1)), "null");
  EXPECT_EQ(FormatValue(ValueAt(*lists, 0)), "[1, null]");
  EXPECT_EQ(FormatValue(ValueAt(*lists, 1)), "null");
  EXPECT_EQ(FormatValue(ValueAt(*lists, 2)), "[]");
  EXPECT_FALSE(LabelColumn(*labels, "s", {TypeKind::kInt64, true}, &arena).has_value());
}

// Of files that are read in pieces.
TEST_F(TableFileTest, LinesThatEndWithinQuotesAreOneField) {
  std::string text = "user,event_timestamp,note\n";
  const std::string row = "1,2020-01-01T00:00:30Z,\"one\ntwo\"\n";
  constexpr int kRows = 100'000;
  for (int i = 0; i < kRows; ++i) text += row;
  for (const std::string out : {"out.csv", "out.parquet"}) {
    const auto made = Make(WriteCsv(text), out, {"activity:visits"});
    ASSERT_TRUE(made.has_value()) << made.error().ToString();
    EXPECT_EQ(made->rows, kRows);
    EXPECT_EQ(made->counts.not_found, 0);
  }
  const auto short_row = Make(WriteCsv(text + "1,2\n"), "out.csv", {"activity:visits"});
  ASSERT_FALSE(short_row.has_value());
  EXPECT_NE(short_row.error().message.find("row 100001: 2 fields"), std::string::npos)
      << short_row.error().message;
}

TEST_F(TableFileTest, ColumnsOfOneNameStayApart) {
  const std::string labels = WriteCsv("user,event_timestamp,n,n,m\n1,2020-01-01T00:00:30Z,3,x,y\n");
  ASSERT_TRUE(Make(labels, "out.csv", {"activity:visits"}).has_value());
  std::string text = Text("out.csv");
  text.erase(std::remove(text.begin(), text.end(), '"'), text.end());
  EXPECT_EQ(text, "user,event_timestamp,n,n,m,visits\n1,2020-01-01T00:00:30Z,3,x,y,2\n");
  ASSERT_TRUE(Make(labels, "out.arrow", {"activity:visits"}).has_value());
  const auto read = ReadLabels(clicks_.Path("out.arrow"), "event_timestamp");
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  EXPECT_EQ((*read->table->column(2)->GetScalar(0))->ToString(), "3");
  EXPECT_EQ((*read->table->column(3)->GetScalar(0))->ToString(), "x");
  EXPECT_EQ((*read->table->column(4)->GetScalar(0))->ToString(), "y");
  // Which of them is meant can't be known.
  for (const std::vector<std::string>& features : {{}, std::vector<std::string>{"activity"}}) {
    const auto made =
        Make(WriteCsv("user,user,event_timestamp\n1,2,2020-01-01\n"), "out.csv", features);
    ASSERT_FALSE(made.has_value());
    EXPECT_NE(made.error().message.find("labels.csv: several columns are called 'user', a key of"),
              std::string::npos)
        << made.error().message;
  }
}

// An Arrow file is its memory as it was: offsets that point elsewhere must not be followed.
TEST_F(TableFileTest, AnArrowFileWithDamagedOffsetsIsRefused) {
  const auto users = ArrayOf<arrow::Int64Builder, int64_t>(
      arrow::int64(), std::vector<std::optional<int64_t>>{1, 2});
  const auto items = ArrayOf<arrow::StringBuilder, std::string>(
      arrow::utf8(), std::vector<std::optional<std::string>>{"a", "bcd"});
  const auto times = ArrayOf<arrow::Int64Builder, int64_t>(
      arrow::int64(), std::vector<std::optional<int64_t>>{kTestStart, kTestStart});
  const auto schema =
      arrow::schema({arrow::field("user", arrow::int64()), arrow::field("item", arrow::utf8()),
                     arrow::field("event_timestamp", arrow::int64())});
  const std::string path =
      WriteTable("labels.arrow", arrow::Table::Make(schema, {users, items, times}));
  ASSERT_TRUE(ReadLabels(path, "event_timestamp").has_value());
  std::string file = Text("labels.arrow");
  const std::string offsets("\0\0\0\0\1\0\0\0\4\0\0\0", 12);
  const size_t at = file.find(offsets);
  ASSERT_NE(at, std::string::npos);
  file[at + 11] = 0x70;
  clicks_.repository().Write("labels.arrow", file);
  const auto damaged = ReadLabels(path, "event_timestamp");
  ASSERT_FALSE(damaged.has_value());
  EXPECT_TRUE(damaged.error().message.starts_with(path)) << damaged.error().message;
}

// As hashes have them. Doubles would have lost their last digits.
TEST_F(TableFileTest, WholeNumbersBeyond64BitsKeepTheirDigits) {
  const auto values_of = [&](const std::string& first, const std::string& second) {
    const auto read = ReadLabels(
        WriteCsv("t,id\n2020-01-01," + first + "\n2020-01-01," + second + "\n2020-01-01,\n"), "t");
    EXPECT_TRUE(read.has_value()) << read.error().ToString();
    const auto column = read->table->GetColumnByName("id");
    std::string values = column->type()->ToString();
    for (int row = 0; row < 3; ++row) values += " " + (*column->GetScalar(row))->ToString();
    return values;
  };
  EXPECT_EQ(values_of("5", "18446744073709551615"), "string 5 18446744073709551615 null");
  EXPECT_EQ(values_of("-9223372036854775809", "0.5"), "string -9223372036854775809 0.5 null");
  EXPECT_EQ(values_of("5", "9223372036854775807"), "int64 5 9223372036854775807 null");
  EXPECT_EQ(values_of("5", "1e300"), "double 5 1e+300 null");
}

// As in a request, where NaN is a number. Whatever else is in the column, and the output's format.
TEST_F(TableFileTest, NaNInARequestColumnIsNoNull) {
  const auto values_of = [&](const std::string& out, const std::string& name) {
    const auto read = ReadLabels(clicks_.Path(out), "event_timestamp", {out.ends_with(".csv"), {}});
    EXPECT_TRUE(read.has_value()) << read.error().ToString();
    StringArena arena;
    const auto column = LabelColumn(*read, name, {TypeKind::kFloat64, false}, &arena);
    EXPECT_TRUE(column.has_value()) << column.error().ToString();
    std::string values;
    for (size_t row = 0; row < column->size(); ++row)
      values += FormatValue(ValueAt(*column, row)) + " ";
    return values;
  };
  const auto make = [&](const std::vector<std::string>& carts) {
    std::string text = "user,item,cart,event_timestamp\n";
    for (const std::string& cart : carts) text += "1,a," + cart + ",2020-01-01T00:00:30Z\n";
    for (const std::string out : {"out.csv", "out.parquet", "out.arrow"}) {
      const auto made = Make(WriteCsv(text), out, {"ranking"});
      EXPECT_TRUE(made.has_value()) << made.error().ToString();
    }
  };
  for (const auto& [carts, cart_values, shares] :
       {std::tuple(std::vector<std::string>{"6.5", "NaN", "", "-nan", "\"NaN\"", "13.0"},
                   "6.5 NaN null NaN NaN 13.0 ", "1.0 NaN null NaN NaN 2.0 "),
        std::tuple(std::vector<std::string>{"13", "", "nan"}, "13.0 null NaN ", "2.0 null NaN "),
        std::tuple(std::vector<std::string>{"", "NaN"}, "null NaN ", "null NaN ")}) {
    make(carts);
    for (const std::string out : {"out.csv", "out.parquet", "out.arrow"}) {
      EXPECT_EQ(values_of(out, "cart"), cart_values) << out;
      EXPECT_EQ(values_of(out, "share"), shares) << out;
    }
    const auto read = ReadLabels(clicks_.Path("out.parquet"), "event_timestamp");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->table->GetColumnByName("cart")->type()->id(), arrow::Type::DOUBLE);
  }
}

// As pandas writes a column of whole numbers that has a null.
TEST_F(TableFileTest, KeysWithAFractionOfZeroAreWholeInEveryFormat) {
  const auto labels = [&](const std::string& last) {
    const std::string at = ",2020-01-01T00:00:30Z\n";
    return WriteCsv("user,event_timestamp\n1.0" + at + at + "2e0" + at + last + at);
  };
  for (const std::string out : {"out.csv", "out.parquet"}) {
    const auto made = Make(labels("9007199254740991.0"), out, {"activity:visits"});
    ASSERT_TRUE(made.has_value()) << made.error().ToString();
    const auto read = ReadLabels(clicks_.Path(out), "event_timestamp", {out == "out.csv", {}});
    ASSERT_TRUE(read.has_value()) << read.error().ToString();
    StringArena arena;
    std::string values;
    for (const std::string name : {"user", "visits"}) {
      const auto column = LabelColumn(*read, name, {TypeKind::kInt64, false}, &arena);
      ASSERT_TRUE(column.has_value()) << column.error().ToString();
      for (size_t row = 0; row < column->size(); ++row)
        values += FormatValue(ValueAt(*column, row)) + " ";
    }
    EXPECT_EQ(values, "1 null 2 9007199254740991 2 null 1 null ") << out;
    for (const auto& [key, problem] :
         {std::pair("9007199254740992.0", "column 'user', row 4: 9007199254740992.0 may have lost"),
          std::pair("1.5", "column 'user', row 4: '1.5' is no int64")}) {
      const auto refused = Make(labels(key), out, {"activity:visits"});
      ASSERT_FALSE(refused.has_value()) << out << key;
      EXPECT_NE(refused.error().message.find(problem), std::string::npos)
          << refused.error().message;
    }
  }
  // What goes to a CSV stays as it was written.
  EXPECT_NE(Text("out.csv").find("\n\"1.0\","), std::string::npos) << Text("out.csv");
}

}  // namespace
}  // namespace skewless
