#include "training/label_file.h"

#include <cmath>

#include "training/label_file_fixture.h"

namespace skewless {
namespace {

TEST_F(LabelFileTest, CsvRowsAndColumnsStayAsTheyWere) {
  const auto made =
      Make(WriteCsv(kLabels), "out.csv", {"activity:visits", "activity:spend", "activity:items"});
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
  EXPECT_EQ(made->rows, 5);
  EXPECT_EQ(made->feature_columns, (std::vector<std::string>{"visits", "spend", "items"}));
  std::string text = Text("out.csv");
  text.erase(std::remove(text.begin(), text.end(), '"'), text.end());
  EXPECT_EQ(text,
            "user,event_timestamp,note,visits,spend,items\n"
            "1,2020-01-01T00:00:30Z,007,2,6.5,[a,b]\n"
            "2,2020-01-01T00:00:19.999999Z,a,b,,,\n"
            "1,2020-01-01T00:00:30Z,007,2,6.5,[a,b]\n"
            ",2020-01-01T00:00:30Z,1.50,,,\n"
            "1,2020-01-01T00:00:29Z,,1,2,[a]\n");
}

TEST_F(LabelFileTest, EveryFormatInGivesTheSameInEveryFormatOut) {
  const auto users = ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {1, 2, std::nullopt, 1});
  const auto items =
      ArrayOf<arrow::StringBuilder, std::string>(arrow::utf8(), {"b", "b", "a", std::nullopt});
  const Timestamp at = kTestStart + 30 * kSecondUs;
  const auto times = ArrayOf<arrow::TimestampBuilder, int64_t>(
      arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), {at, at, at, at - 1});
  const auto extra =
      ArrayOf<arrow::DoubleBuilder, double>(arrow::float64(), {0.1, std::nullopt, 3.0, -0.0});
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("extra", arrow::float64()), arrow::field("user", arrow::int64()),
                     arrow::field("item", arrow::utf8()),
                     arrow::field("event_timestamp", times->type())}),
      {extra, users, items, times});
  for (const std::string in : {"in.parquet", "in.arrow"}) {
    const std::string labels = WriteTable(in, table);
    for (const std::string out : {"out.parquet", "out.feather"}) {
      const auto made =
          Make(labels, out, {"activity:visits", "pairs:together", "popular"}, /*full_names=*/true);
      ASSERT_TRUE(made.has_value()) << made.error().ToString();
      const auto read = ReadLabels(clicks_.Path(out), "event_timestamp");
      ASSERT_TRUE(read.has_value()) << read.error().ToString();
      const arrow::Table& got = *read->table;
      EXPECT_EQ(got.ColumnNames(), (std::vector<std::string>{"extra", "user", "item",
                                                             "event_timestamp", "activity__visits",
                                                             "pairs__together", "popular__views"}));
      for (int i = 0; i < 4; ++i)
        EXPECT_TRUE(got.column(i)->Equals(*table->column(i))) << in << " " << out << " " << i;
      const auto expect = [&](const std::string& name,
                              const std::vector<std::optional<int64_t>>& values) {
        EXPECT_TRUE(got.GetColumnByName(name)->Equals(
            arrow::ChunkedArray(ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), values))))
            << name << got.GetColumnByName(name)->ToString();
      };
      expect("activity__visits", {2, 1, std::nullopt, 1});
      expect("pairs__together", {1, 1, std::nullopt, std::nullopt});
      expect("popular__views", {2, 2, 1, std::nullopt});
    }
  }
}

TEST_F(LabelFileTest, TimesInCsvAreRfc3339) {
  const int64_t seconds = 1'577'836'830;
  const std::tuple<std::shared_ptr<arrow::DataType>, int64_t, std::string> kinds[] = {
      {arrow::timestamp(arrow::TimeUnit::SECOND), seconds, "2020-01-01T00:00:30Z"},
      {arrow::timestamp(arrow::TimeUnit::MILLI, "Europe/Berlin"), seconds * 1000 + 5,
       "2020-01-01T00:00:30.005Z"},
      {arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), seconds * 1'000'000 + 7,
       "2020-01-01T00:00:30.000007Z"},
      {arrow::timestamp(arrow::TimeUnit::NANO), seconds * 1'000'000'000 + 9000,
       "2020-01-01T00:00:30.000009Z"},
      {arrow::timestamp(arrow::TimeUnit::NANO), seconds * 1'000'000'000 + 9,
       "2020-01-01T00:00:30.000000009Z"}};
  for (const auto& [type, ticks, text] : kinds) {
    const auto times = ArrayOf<arrow::TimestampBuilder, int64_t>(type, {ticks, std::nullopt});
    WriteTable("t.csv", arrow::Table::Make(arrow::schema({arrow::field("t", type)}), {times}));
    EXPECT_EQ(Text("t.csv"), "\"t\"\n\"" + text + "\"\n\n");
  }
}

TEST_F(LabelFileTest, TimesOfEveryKind) {
  const int64_t seconds = 1'577'836'830;
  const std::pair<std::shared_ptr<arrow::DataType>, int64_t> kinds[] = {
      {arrow::timestamp(arrow::TimeUnit::SECOND), seconds},
      {arrow::timestamp(arrow::TimeUnit::MILLI, "Europe/Berlin"), seconds * 1000},
      {arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), seconds * 1'000'000},
      {arrow::timestamp(arrow::TimeUnit::NANO), seconds * 1'000'000'000 + 999}};
  for (const auto& [type, ticks] : kinds) {
    const auto times = ArrayOf<arrow::TimestampBuilder, int64_t>(type, {ticks});
    const auto read = ReadLabels(
        WriteTable("t.arrow",
                   arrow::Table::Make(arrow::schema({arrow::field("t", type)}), {times})),
        "t");
    ASSERT_TRUE(read.has_value()) << type->ToString() << read.error().ToString();
    EXPECT_EQ(read->time_us, std::vector<Timestamp>{seconds * 1'000'000}) << type->ToString();
  }
  // Before 1970 the nanoseconds below a microsecond are floored, too.
  const auto before =
      ArrayOf<arrow::TimestampBuilder, int64_t>(arrow::timestamp(arrow::TimeUnit::NANO), {-1'500});
  EXPECT_EQ(ReadLabels(WriteTable("t.arrow", arrow::Table::Make(
                                                 arrow::schema({arrow::field("t", before->type())}),
                                                 {before})),
                       "t")
                ->time_us,
            std::vector<Timestamp>{-2});
  const auto numbers =
      ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {kTestStart, kTestStart - 7});
  EXPECT_EQ(
      ReadLabels(WriteTable("t.parquet",
                            arrow::Table::Make(arrow::schema({arrow::field("t", arrow::int64())}),
                                               {numbers})),
                 "t")
          ->time_us,
      (std::vector<Timestamp>{kTestStart, kTestStart - 7}));
  const auto texts = ArrayOf<arrow::StringBuilder, std::string>(
      arrow::utf8(), {"2020-01-01T01:00:00+01:00", "2020-01-01"});
  EXPECT_EQ(ReadLabels(WriteTable("t.parquet",
                                  arrow::Table::Make(
                                      arrow::schema({arrow::field("t", arrow::utf8())}), {texts})),
                       "t")
                ->time_us,
            (std::vector<Timestamp>{kTestStart, kTestStart}));
}

// Whole numbers don't tell their unit: taken for microseconds, other units would be times that no
// record was there by, or that all were.
// As Polars writes them.
TEST_F(LabelFileTest, TextAsViewsIsText) {
  const auto view = [](const std::string& text) {
    arrow::StringViewBuilder builder;
    EXPECT_TRUE(builder.Append(text).ok());
    return *builder.Finish();
  };
  const auto coded = [&](const std::string& text) -> std::shared_ptr<arrow::Array> {
    return *arrow::DictionaryArray::FromArrays(
        arrow::dictionary(arrow::uint32(), arrow::utf8_view()),
        *arrow::MakeArrayFromScalar(arrow::UInt32Scalar(0), 1), view(text));
  };
  const std::string time = "2020-01-01T00:00:30Z";
  for (const auto& [user, at, note] :
       {std::tuple{view("1"), view(time), coded("a note longer than a view holds")},
        std::tuple{coded("1"), coded(time), std::shared_ptr<arrow::Array>(view("short"))}}) {
    const auto labels =
        WriteTable("labels.arrow",
                   arrow::Table::Make(arrow::schema({arrow::field("user", user->type()),
                                                     arrow::field("event_timestamp", at->type()),
                                                     arrow::field("note", note->type())}),
                                      {user, at, note}));
    const std::string text =
        note->type_id() == arrow::Type::STRING_VIEW ? "short" : "a note longer than a view holds";
    for (const char* output : {"out.csv", "out.parquet", "out.arrow"}) {
      const auto made = Make(labels, output, {"activity:visits"});
      ASSERT_TRUE(made.has_value()) << output << ": " << made.error().ToString();
      const auto again = Make(clicks_.Path(output), "again.csv", {"activity:visits"}, true);
      ASSERT_TRUE(again.has_value()) << again.error().ToString();
      // From CSV to CSV numbers are text.
      const std::string visits = output == std::string("out.csv") ? "\"2\"" : "2";
      EXPECT_EQ(Text("again.csv"),
                "\"user\",\"event_timestamp\",\"note\",\"visits\",\"activity__visits\"\n"
                "\"1\",\"" +
                    time + "\",\"" + text + "\"," + visits + ",2\n")
          << output;
    }
  }
}

TEST_F(LabelFileTest, WholeNumbersOfAnotherUnitAreRefused) {
  const auto error_of = [&](const std::string& time) {
    const auto read =
        ReadLabels(WriteCsv("user,t\n1," + std::to_string(kTestStart) + "\n2," + time + "\n"), "t");
    return read.has_value() ? "" : read.error().ToString();
  };
  const std::pair<std::string, std::string> cases[] = {
      {"1577836800", "as seconds this is 2020-01-01T00:00:00Z: multiply by 1,000,000"},
      {"1577836800250", "as milliseconds this is 2020-01-01T00:00:00.250Z: multiply by 1,000"},
      {"1577836800000000000", "as nanoseconds this is 2020-01-01T00:00:00Z: divide by 1,000"},
      {"-1", "Whole numbers are microseconds since 1970."},
      {"31535999999999", "is 1970-12-31T23:59:59.999999Z as microseconds"},
      {"7289654400000000", "is 2201-01-01T00:00:00Z as microseconds"}};
  for (const auto& [time, says] : cases) {
    EXPECT_NE(error_of(time).find("labels.csv: column 't', row 2: the time " + time),
              std::string::npos)
        << error_of(time);
    EXPECT_NE(error_of(time).find(says), std::string::npos) << error_of(time);
  }
  // All of a CSV is text where the training set is one.
  const auto to_csv =
      Make(WriteCsv("user,event_timestamp\n1,1577836800\n"), "out.csv", {"activity:visits"});
  ASSERT_FALSE(to_csv.has_value());
  EXPECT_NE(to_csv.error().ToString().find("multiply by 1,000,000"), std::string::npos)
      << to_csv.error().ToString();
  EXPECT_EQ(error_of("31536000000000"), "");
  EXPECT_EQ(error_of("7289654399999999"), "");
  EXPECT_EQ(ReadLabels(WriteCsv("user,t\n1,1905-01-01T00:00:00Z\n"), "t")->time_us.size(), 1U);
  // Of a request column, too, which over HTTP are seconds.
  const auto labels = ReadLabels(WriteCsv("user,t,at\n1,2020-01-01,1577836800\n"), "t");
  StringArena arena;
  const auto at = LabelColumn(*labels, "at", {TypeKind::kTimestamp, false}, &arena);
  ASSERT_FALSE(at.has_value());
  EXPECT_NE(at.error().ToString().find("column 'at', row 1: the time 1577836800 is"),
            std::string::npos)
      << at.error().ToString();
}

TEST_F(LabelFileTest, TimesThatAreNoneAreNamedByRow) {
  const std::string time = "1,2020-01-01T00:00:00Z\n";
  for (const auto& [rows, row] : {std::pair{time + "2,\n", "2"}, {"2,\n" + time, "1"}}) {
    const auto null_time = ReadLabels(WriteCsv("user,t\n" + rows), "t");
    ASSERT_FALSE(null_time.has_value());
    EXPECT_TRUE(null_time.error().message.ends_with(std::string("labels.csv: column 't', row ") +
                                                    row + ": the time is null"))
        << null_time.error().message;
  }
  const auto text = ReadLabels(WriteCsv("user,t\n1,soon\n"), "t");
  ASSERT_FALSE(text.has_value());
  EXPECT_NE(text.error().message.find("column 't', row 1"), std::string::npos)
      << text.error().message;
  const auto number = ReadLabels(WriteCsv("user,t\n1,0.5\n"), "t");
  ASSERT_FALSE(number.has_value());
  EXPECT_NE(number.error().message.find("not a time"), std::string::npos) << number.error().message;
}

TEST_F(LabelFileTest, ColumnsOfEveryTypeAndTheirNulls) {
  const auto times = ArrayOf<arrow::TimestampBuilder, int64_t>(
      arrow::timestamp(arrow::TimeUnit::SECOND), {1, std::nullopt});
  const auto names =
      ArrayOf<arrow::LargeStringBuilder, std::string>(arrow::large_utf8(), {std::nullopt, "x"});
  const auto small = ArrayOf<arrow::Int32Builder, int32_t>(arrow::int32(), {7, std::nullopt});
  const auto at = ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {kTestStart, kTestStart});
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("time", times->type()), arrow::field("name", names->type()),
                     arrow::field("small", small->type()), arrow::field("at", at->type())}),
      {times, names, small, at});
  const auto labels = ReadLabels(WriteTable("t.arrow", table), "at");
  ASSERT_TRUE(labels.has_value());
  StringArena arena;
  const auto show = [&](const std::string& name, TypeKind kind) {
    const auto column = LabelColumn(*labels, name, {kind, false}, &arena);
    if (!column) return column.error().message;
    return FormatValue(ValueAt(*column, 0)) + " " + FormatValue(ValueAt(*column, 1));
  };
  EXPECT_EQ(show("time", TypeKind::kTimestamp), "1970-01-01T00:00:01Z null");
  EXPECT_EQ(show("name", TypeKind::kString), "null 'x'");
  EXPECT_EQ(show("small", TypeKind::kInt64), "7 null");
  EXPECT_EQ(show("small", TypeKind::kInt32), "7 null");
  EXPECT_EQ(show("small", TypeKind::kFloat64), "7.0 null");
}

// As libraries write them: with wide offsets, of one size, and of nulls alone without a type.
TEST_F(LabelFileTest, ListsOfEveryKind) {
  const auto times =
      ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {kTestStart, kTestStart});
  const auto doubles =
      ArrayOf<arrow::DoubleBuilder, double>(arrow::float64(), {1.0, 2.0, 3.0, 4.0});
  const auto wide_offsets = ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {0, 3, 4});
  const auto offsets = ArrayOf<arrow::Int32Builder, int32_t>(arrow::int32(), {0, 3, 4});
  const auto show = [&](const std::shared_ptr<arrow::Array>& lists) {
    const auto labels = ReadLabels(
        WriteTable("t.arrow", arrow::Table::Make(arrow::schema({arrow::field("at", arrow::int64()),
                                                                arrow::field("l", lists->type())}),
                                                 {times, lists})),
        "at");
    EXPECT_TRUE(labels.has_value());
    StringArena arena;
    const auto column = LabelColumn(*labels, "l", {TypeKind::kInt64, true}, &arena);
    if (!column) return column.error().message;
    return FormatValue(ValueAt(*column, 0)) + " " + FormatValue(ValueAt(*column, 1));
  };
  EXPECT_EQ(show(*arrow::ListArray::FromArrays(*offsets, *doubles)), "[1, 2, 3] [4]");
  EXPECT_EQ(show(*arrow::LargeListArray::FromArrays(*wide_offsets, *doubles)), "[1, 2, 3] [4]");
  EXPECT_EQ(show(*arrow::FixedSizeListArray::FromArrays(doubles, 2)), "[1, 2] [3, 4]");
  EXPECT_EQ(show(*arrow::MakeArrayOfNull(arrow::null(), 2)), "null null");
  const auto halves = ArrayOf<arrow::DoubleBuilder, double>(arrow::float64(), {1.0, 2.0, 3.0, 0.5});
  EXPECT_NE(show(*arrow::ListArray::FromArrays(*offsets, *halves))
                .find("column 'l', row 2: '0.5' is no int64"),
            std::string::npos);
}

// In files that lie sorted, and in such that must be sorted first.
TEST_F(LabelFileTest, RecordsOfTheSourcesFilesThatCannotBeReadAreTold) {
  const auto line = [](const std::string& price, int64_t at) {
    return "1,a," + price + "," + std::to_string(kTestStart) + "," +
           std::to_string(kTestStart + at) + "\n";
  };
  const std::string header = "user,item,price,ts,at\n";
  TrainingSetRequest request;
  request.labels_path = WriteCsv(kLabels);
  request.output_path = clicks_.Path("out.csv");
  request.features = {"activity:visits"};
  request.history = HistoryKind::kSources;
  const std::pair<std::string, std::string> cases[] = {
      {header + line("1", 1) + line("2", 2), ""},
      {header + line("1", 1) + line("x", 2) + line("y", 3),
       "2 records of the sources' files could not be read, first clicks.csv, line 3: column "
       "'price'"},
      {header + line("1", 2) + line("2", 1) + line("x", 3),
       "1 record of the sources' files could not be read: clicks.csv, line 4: column 'price'"}};
  for (const auto& [text, says] : cases) {
    clicks_.repository().Write("clicks.csv", text);
    const auto made = MakeTrainingSet(SystemFiles(), clicks_.definition(), request);
    ASSERT_TRUE(made.has_value()) << made.error().ToString();
    std::string warnings;
    for (const Error& warning : made->warnings) warnings += warning.message + "\n";
    EXPECT_EQ(warnings.find("could not be read") == std::string::npos, says.empty()) << warnings;
    EXPECT_NE(warnings.find(says), std::string::npos) << warnings;
  }
}

// As pandas writes a column of integers that has a null: 2^53 may have been its neighbour.
TEST_F(LabelFileTest, IntegersThatMayHaveLostDigitsAreRefused) {
  const auto read = [&](const std::shared_ptr<arrow::Array>& numbers) {
    const auto at = ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {kTestStart, kTestStart});
    const auto table = arrow::Table::Make(
        arrow::schema({arrow::field("user", numbers->type()), arrow::field("at", at->type())}),
        {numbers, at});
    const auto labels = ReadLabels(WriteTable("t.arrow", table), "at");
    EXPECT_TRUE(labels.has_value());
    StringArena arena;
    const auto column = LabelColumn(*labels, "user", {TypeKind::kInt64, false}, &arena);
    if (!column) return column.error().message;
    return FormatValue(ValueAt(*column, 0)) + " " + FormatValue(ValueAt(*column, 1));
  };
  const auto doubles = [&](double number) {
    return read(ArrayOf<arrow::DoubleBuilder, double>(arrow::float64(), {std::nullopt, number}));
  };
  const auto floats = [&](float number) {
    return read(ArrayOf<arrow::FloatBuilder, float>(arrow::float32(), {std::nullopt, number}));
  };
  EXPECT_EQ(doubles(9007199254740991), "null 9007199254740991");
  EXPECT_EQ(doubles(-9007199254740991), "null -9007199254740991");
  for (const double number : {9007199254740992.0, -9007199254740992.0, 1.2345678901234568e18}) {
    EXPECT_NE(doubles(number).find("column 'user', row 2: "), std::string::npos);
    EXPECT_NE(doubles(number).find(
                  " may have lost digits: a double tells whole numbers apart below 2^53"),
              std::string::npos)
        << doubles(number);
  }
  EXPECT_EQ(floats(16777215), "null 16777215");
  EXPECT_NE(floats(16777216).find("a float tells whole numbers apart below 2^24"),
            std::string::npos)
      << floats(16777216);
}

// As a request with them is refused: an infinity would be another value.
TEST_F(LabelFileTest, NumbersBeyondFloatsAreRefused) {
  const auto read = [&](const std::shared_ptr<arrow::Array>& numbers, TypeKind kind) {
    const auto at = ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {kTestStart, kTestStart});
    const auto table = arrow::Table::Make(
        arrow::schema({arrow::field("cart", numbers->type()), arrow::field("at", at->type())}),
        {numbers, at});
    const auto labels = ReadLabels(WriteTable("t.arrow", table), "at");
    EXPECT_TRUE(labels.has_value());
    StringArena arena;
    const auto column = LabelColumn(*labels, "cart", {kind, false}, &arena);
    if (!column) return column.error().message;
    return FormatValue(ValueAt(*column, 1));
  };
  const auto number = [&](double value, TypeKind kind) {
    return read(ArrayOf<arrow::DoubleBuilder, double>(arrow::float64(), {std::nullopt, value}),
                kind);
  };
  const auto text = [&](const std::string& value, TypeKind kind) {
    return read(ArrayOf<arrow::StringBuilder, std::string>(arrow::utf8(), {std::nullopt, value}),
                kind);
  };
  const std::string place = clicks_.Path("t.arrow") + ": column 'cart', row 2: ";
  EXPECT_EQ(number(1e39, TypeKind::kFloat32), place + "1e+39 is no float32 (up to 3.4e38)");
  EXPECT_EQ(number(-1e39, TypeKind::kFloat32), place + "-1e+39 is no float32 (up to 3.4e38)");
  EXPECT_EQ(text("1e39", TypeKind::kFloat32), place + "'1e39' is no float32");
  EXPECT_EQ(number(1e39, TypeKind::kFloat64), "1e+39");
  for (const TypeKind kind : {TypeKind::kFloat32, TypeKind::kFloat64}) {
    EXPECT_EQ(text("1e400", kind), place + "'1e400' is no " + TypeName({kind, false}));
    EXPECT_EQ(text("inf", kind), "Infinity");
    EXPECT_EQ(number(-INFINITY, kind), "-Infinity");
  }
  // Rounded twice, as the request's number is, and every source's.
  EXPECT_EQ(text("1.00000017881393432617187499", TypeKind::kFloat32),
            FormatValue(
                Value::Double(static_cast<double>(static_cast<float>(1.00000017881393432617187499)),
                              {TypeKind::kFloat32, false})
                    .view()));
}

TEST_F(LabelFileTest, ErrorsNameTheFileAndTheNearestColumn) {
  const auto no_time = Make(WriteCsv("user,event_timestmp\n1,2020-01-01\n"), "out.csv");
  ASSERT_FALSE(no_time.has_value());
  EXPECT_NE(no_time.error().message.find("labels.csv"), std::string::npos);
  EXPECT_NE(no_time.error().remedy.find("'event_timestmp'"), std::string::npos)
      << no_time.error().remedy;
  const auto no_key =
      Make(WriteCsv("usr,event_timestamp\n1,2020-01-01\n"), "out.csv", {"activity"});
  ASSERT_FALSE(no_key.has_value());
  EXPECT_NE(no_key.error().ToString().find("'usr'"), std::string::npos)
      << no_key.error().ToString();
  const auto no_entity = Make(WriteCsv("other,event_timestamp\n1,2020-01-01\n"), "out.csv");
  ASSERT_FALSE(no_entity.has_value());
  EXPECT_NE(no_entity.error().ToString().find("user"), std::string::npos);
  const auto collision = Make(WriteCsv("user,event_timestamp,visits\n1,2020-01-01,3\n"), "out.csv",
                              {"activity:visits"});
  ASSERT_FALSE(collision.has_value());
  EXPECT_NE(collision.error().message.find("'visits'"), std::string::npos);
  EXPECT_TRUE(Make(clicks_.Path("labels.csv"), "out.csv", {"activity:visits"}, true).has_value());
  const auto no_cart =
      Make(WriteCsv("user,item,event_timestamp\n1,a,2020-01-01\n"), "out.csv", {"ranking"});
  ASSERT_FALSE(no_cart.has_value());
  EXPECT_NE(no_cart.error().message.find("'cart'"), std::string::npos);
  EXPECT_FALSE(Make(clicks_.Path("labels.csv"), "out.txt").has_value());
  const auto no_file = Make(clicks_.Path("nothing.csv"), "out.csv");
  ASSERT_FALSE(no_file.has_value());
  EXPECT_EQ(no_file.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(clicks_.Path("out.txt")));
}

// A join may take long.
TEST_F(LabelFileTest, WhatTheLabelsLackIsSaidBeforeTheHistoryIsRead) {
  std::filesystem::remove_all(clicks_.Path("var/log"));
  const auto error_of = [&](const std::string& labels, const std::string& features) {
    const auto made = Make(WriteCsv(labels), "out.csv", {features});
    EXPECT_FALSE(made.has_value());
    return made.has_value() ? "" : made.error().message;
  };
  const std::string named = error_of("user,event_timestamp,visits\n1,2020-01-01,3\n", "activity");
  EXPECT_NE(named.find("are called 'visits'"), std::string::npos) << named;
  const std::string lacks = error_of("user,item,event_timestamp\n1,a,2020-01-01\n", "ranking");
  EXPECT_NE(lacks.find("no column 'cart'"), std::string::npos) << lacks;
  const std::string log = error_of("user,event_timestamp\n1,2020-01-01\n", "activity");
  EXPECT_NE(log.find("there is no log at"), std::string::npos) << log;
}

TEST_F(LabelFileTest, MoreRowsThanCanBeNumberedAreRefused) {
  EXPECT_TRUE(CheckLabelCount("labels.parquet", 1'500'000'000).has_value());
  const auto refused = CheckLabelCount("labels.parquet", 1'500'000'001);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message,
            "labels.parquet: has 1500000001 rows, and a training set at most 1500000000");
  EXPECT_EQ(refused.error().remedy,
            "Split it and join each part: a label's row is the same in whatever file.");
}

TEST_F(LabelFileTest, LabelsAreNotOverwrittenByWhateverName) {
  const std::string labels = WriteCsv(kLabels);
  std::filesystem::create_symlink(labels, clicks_.Path("link.csv"));
  for (const std::string output : {"labels.csv", "link.csv"}) {
    const auto made = Make(labels, output, {"activity:visits"});
    ASSERT_FALSE(made.has_value());
    EXPECT_NE(made.error().message.find("take the place of its labels"), std::string::npos)
        << made.error().message;
  }
  EXPECT_EQ(Text("labels.csv"), kLabels);
}

TEST_F(LabelFileTest, WhatTheOutputCannotHoldIsRefusedBeforeTheJoin) {
  const auto users = ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {1});
  const auto times = ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {kTestStart});
  const auto with = [&](const std::shared_ptr<arrow::Array>& extra) {
    return WriteTable(
        "in.arrow",
        arrow::Table::Make(arrow::schema({arrow::field("user", arrow::int64()),
                                          arrow::field("event_timestamp", arrow::int64()),
                                          arrow::field("extra", extra->type())}),
                           {users, times, extra}));
  };
  const auto lists = *arrow::MakeEmptyArray(arrow::list(arrow::int64()));
  const auto list = *arrow::MakeArrayOfNull(lists->type(), 1);
  const auto bytes = ArrayOf<arrow::BinaryBuilder, std::string>(arrow::binary(), {"\xff"});
  const auto text = ArrayOf<arrow::BinaryBuilder, std::string>(arrow::binary(), {"a"});
  const std::pair<std::shared_ptr<arrow::Array>, std::string> cases[] = {
      {list, "in.arrow: column 'extra' is list<item: int64>, which "},
      {bytes, "in.arrow: column 'extra' has bytes that are no text, which "}};
  for (const auto& [extra, says] : cases) {
    const auto made = Make(with(extra), "out.csv", {"activity:visits"});
    ASSERT_FALSE(made.has_value());
    EXPECT_NE(made.error().message.find(says), std::string::npos) << made.error().message;
    EXPECT_NE(made.error().remedy.find(".parquet or .arrow"), std::string::npos)
        << made.error().remedy;
    EXPECT_TRUE(Make(with(extra), "out.parquet", {"activity:visits"}).has_value());
  }
  EXPECT_TRUE(Make(with(text), "out.csv", {"activity:visits"}).has_value());
  const auto empty = arrow::MakeArrayOfNull(arrow::struct_({}), 1);
  const auto to_parquet = Make(with(*empty), "out.parquet", {"activity:visits"});
  ASSERT_FALSE(to_parquet.has_value());
  EXPECT_NE(to_parquet.error().ToString().find("column 'extra' is struct<>, which Parquet can't "
                                               "hold\n  Name the training set .arrow"),
            std::string::npos)
      << to_parquet.error().ToString();
  EXPECT_TRUE(Make(with(*empty), "out.arrow", {"activity:visits"}).has_value());
  Column feature;
  feature.type = {TypeKind::kBytes, false};
  feature.AppendString("\xff");
  const auto labels = ReadLabels(with(text), "event_timestamp");
  const Status written = WriteTrainingSet(*labels, {{"last", &feature}}, clicks_.Path("out.csv"));
  ASSERT_FALSE(written.has_value());
  EXPECT_NE(written.error().ToString().find("column 'last' has bytes that are no text, which a CSV "
                                            "can't hold\n  Name the training set .parquet"),
            std::string::npos)
      << written.error().ToString();
}

TEST_F(LabelFileTest, WhatCannotBePutInPlaceLeavesNothing) {
  std::filesystem::create_directories(clicks_.Path("out.csv"));
  const auto made = Make(WriteCsv(kLabels), "out.csv", {"activity:visits"});
  ASSERT_FALSE(made.has_value());
  EXPECT_NE(made.error().ToString().find("out.csv: is a folder\n  Name a file"), std::string::npos)
      << made.error().ToString();
  // Made a folder while the join went on.
  const auto labels = ReadLabels(WriteCsv(kLabels), "event_timestamp");
  ASSERT_TRUE(labels.has_value());
  EXPECT_FALSE(WriteTrainingSet(*labels, {}, clicks_.Path("out.csv")).has_value());
  for (const auto& entry : std::filesystem::directory_iterator(clicks_.Path("")))
    EXPECT_EQ(entry.path().string().find(".writing-"), std::string::npos) << entry.path();
}

TEST_F(LabelFileTest, WhatCannotBeReadIsNamedWithRowAndRemedy) {
  const auto error_of = [&](const Result<TrainingSetResult>& made) {
    EXPECT_FALSE(made.has_value());
    return made.has_value() ? "" : made.error().ToString();
  };
  const auto expect = [&](const std::string& error, const std::vector<std::string>& parts) {
    for (const std::string& part : parts)
      EXPECT_NE(error.find(part), std::string::npos) << error << " lacks " << part;
    EXPECT_NE(error.find('\n'), std::string::npos) << error << " lacks a remedy";
  };
  const std::string at = ",2020-01-01T00:00:30Z\n";
  const auto with_users = [&](const std::string& third) {
    return Make(WriteCsv("user,event_timestamp\n1" + at + "2" + at + third + at), "out.csv",
                {"activity"});
  };
  expect(error_of(with_users("abc")), {"labels.csv: column 'user', row 3: 'abc' is no int64"});
  expect(error_of(with_users("99999999999999999999")), {"column 'user', row 3: '9999"});
  expect(error_of(Make(WriteCsv("user,event_timestamp\n1" + at + "r2\n2" + at), "out.csv")),
         {"labels.csv: row 2: 1 fields where the first line has 2: 'r2'"});
  expect(error_of(Make(WriteCsv(""), "out.csv")), {"labels.csv: the file is empty"});
  std::filesystem::create_directory(clicks_.Path("folder.csv"));
  expect(error_of(Make(clicks_.Path("folder.csv"), "out.csv")), {"folder.csv: is a folder"});
  expect(error_of(Make(WriteCsv("event_timestamp\n2020-01-01\n"), "out.csv", {"popular"})),
         {"no column 'item', a key of entity 'item', a string"});
  expect(error_of(Make(WriteCsv(kLabels), "none/out.csv")),
         {"none/out.csv: there is no folder '", "Make it"});
}

TEST_F(LabelFileTest, AServiceHasItsDerivedFeaturesFromTheLabelsRequestColumns) {
  const auto made = Make(WriteCsv("user,item,cart,event_timestamp\n1,b,13,2020-01-01T00:00:30Z\n2,"
                                  "a,1,2020-01-01T00:00:01Z\n"),
                         "out.csv", {"ranking"});
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
  std::string text = Text("out.csv");
  text.erase(std::remove(text.begin(), text.end(), '"'), text.end());
  EXPECT_EQ(
      text,
      "user,item,cart,event_timestamp,spend,views,share\n1,b,13,2020-01-01T00:00:30Z,6.5,2,2\n"
      "2,a,1,2020-01-01T00:00:01Z,,,\n");
}

TEST_F(LabelFileTest, NoLabelsGiveAnEmptySet) {
  const auto made = Make(WriteCsv("user,event_timestamp\n"), "out.parquet", {"activity:visits"});
  // Without a row a CSV's columns have no type to tell a time by.
  EXPECT_TRUE(made.has_value() || made.error().message.find("labels.csv") != std::string::npos);
  const auto text = Make(WriteCsv("user,event_timestamp\n"), "out.csv", {"activity:visits"});
  ASSERT_TRUE(text.has_value()) << text.error().ToString();
  EXPECT_EQ(text->rows, 0);
}

}  // namespace
}  // namespace skewless
