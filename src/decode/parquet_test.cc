#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include "decode/parquet_reader.h"
#include "decode/record_fixture.h"

namespace skewless {
namespace {

using Arrays = std::vector<std::shared_ptr<arrow::Array>>;

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Build(Builder&& builder,
                                    const std::vector<std::optional<Value>>& values) {
  for (const auto& value : values) {
    const arrow::Status status = value ? builder.Append(*value) : builder.AppendNull();
    EXPECT_TRUE(status.ok());
  }
  return builder.Finish().ValueOrDie();
}

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Build(const std::vector<std::optional<Value>>& values) {
  return Build(Builder(), values);
}

std::shared_ptr<arrow::Array> Ints(const std::vector<std::optional<int64_t>>& values) {
  return Build(arrow::Int64Builder(), values);
}
std::shared_ptr<arrow::Array> Doubles(const std::vector<std::optional<double>>& values) {
  return Build(arrow::DoubleBuilder(), values);
}
std::shared_ptr<arrow::Array> Strings(const std::vector<std::optional<std::string>>& values) {
  return Build(arrow::StringBuilder(), values);
}
std::shared_ptr<arrow::Array> Times(arrow::TimeUnit::type unit,
                                    const std::vector<std::optional<int64_t>>& values) {
  return Build(arrow::TimestampBuilder(arrow::timestamp(unit), arrow::default_memory_pool()),
               values);
}

class ParquetTest : public ::testing::Test {
 protected:
  void Write(const std::vector<std::string>& names, const Arrays& arrays,
             int64_t group_rows = 1000) {
    arrow::FieldVector fields;
    for (size_t i = 0; i < names.size(); ++i)
      fields.push_back(arrow::field(names[i], arrays[i]->type()));
    const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
    const auto out = arrow::io::FileOutputStream::Open(path_).ValueOrDie();
    const auto stored = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    const auto plain =
        parquet::WriterProperties::Builder().version(parquet::ParquetVersion::PARQUET_2_6)->build();
    ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, group_rows,
                                           plain, stored)
                    .ok());
    ASSERT_TRUE(out->Close().ok());
  }
  ReadRecords Read(size_t max_records = 1000, int64_t skip = 0) {
    DecodeOptions options;
    options.schema = &schema_;
    options.required = required_;
    return ReadAll(OpenParquet(path_, options), schema_, max_records, skip);
  }
  // Rows, or reasons of bad ones, or the error, of a file with the one column `v`.
  Rows Column(const ColumnSpec& spec, const std::shared_ptr<arrow::Array>& array) {
    schema_ = {{spec}};
    Write({"v"}, {array});
    ReadRecords read = Read();
    for (const BadRecord& bad : read.bad) read.rows.push_back(bad.reason);
    if (!read.error.empty()) read.rows.push_back(read.error);
    return read.rows;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.File("a.parquet");
  Schema schema_{{Spec("id", TypeKind::kInt64), Spec("price", TypeKind::kFloat64),
                  Spec("kind", TypeKind::kString)}};
  std::vector<RequiredColumn> required_;
};

TEST_F(ParquetTest, ReadsDeclaredColumnsInAnyOrder) {
  Write({"kind", "other", "price", "id"},
        {Strings({"a", std::nullopt, "é"}), Ints({7, 8, 9}), Doubles({0.5, std::nullopt, -1}),
         Ints({1, 2, std::nullopt})});
  EXPECT_EQ(Read().rows, (Rows{"1, 0.5, 'a'", "2, null, null", "null, -1.0, 'é'"}));
  EXPECT_EQ(Read(1).rows.size(), 3u);
}

TEST_F(ParquetTest, ColumnsThatCannotBeRead) {
  Write({"id", "price"}, {Ints({1}), Doubles({1})});
  EXPECT_TRUE(Has(Read().error, "a.parquet: has no column 'kind'; it has 'id', 'price'"));
  Write({"id", "price", "kind"}, {Ints({1}), Strings({"1.5"}), Strings({"a"})});
  EXPECT_TRUE(Has(Read().error, "column 'price' is string and cannot be read as float64"));
  folder_.Write("a.parquet", "not parquet at all");
  EXPECT_TRUE(Has(Read().error, "a.parquet: "));
  std::filesystem::remove(path_);
  EXPECT_TRUE(Has(Read().error, "a.parquet"));
}

std::shared_ptr<arrow::Array> Decimals(const std::shared_ptr<arrow::DataType>& type,
                                       const std::vector<std::string>& unscaled) {
  const auto builder = arrow::MakeBuilder(type).ValueOrDie();
  for (const std::string& number : unscaled) {
    arrow::Status status;
    if (number == "null") {
      status = builder->AppendNull();
    } else if (type->id() == arrow::Type::DECIMAL128) {
      status = static_cast<arrow::Decimal128Builder&>(*builder).Append(arrow::Decimal128(number));
    } else {
      status = static_cast<arrow::Decimal256Builder&>(*builder).Append(arrow::Decimal256(number));
    }
    EXPECT_TRUE(status.ok());
  }
  return builder->Finish().ValueOrDie();
}

TEST_F(ParquetTest, Decimals) {
  const std::string nines(38, '9');
  for (const auto& type : {arrow::decimal128(38, 2), arrow::decimal256(76, 2)}) {
    const auto array = Decimals(type, {"1234", "-5", "null", "700", nines});
    EXPECT_EQ(Column(Spec("v", TypeKind::kFloat64), array),
              (Rows{"12.34", "-0.05", "null", "7.0", "1e+36"}));
    EXPECT_EQ(Column(Spec("v", TypeKind::kString), array),
              (Rows{"'12.34'", "'-0.05'", "null", "'7.00'",
                    "'" + nines.substr(2) + "." + nines.substr(36) + "'"}));
    const std::string expected = "column 'v': expected int64, found ";
    EXPECT_EQ(Column(Spec("v", TypeKind::kInt64), array),
              (Rows{"null", "7", expected + "12.34", expected + "-0.05",
                    expected + nines.substr(2) + "." + nines.substr(36)}));
    EXPECT_TRUE(Has(Column(Spec("v", TypeKind::kBytes), array).at(0), "cannot be read as bytes"));
  }
  EXPECT_EQ(Column(Spec("v", TypeKind::kInt64), Decimals(arrow::decimal128(5, 0), {"-12345"})),
            (Rows{"-12345"}));
}

TEST_F(ParquetTest, Integers) {
  const auto small = Build<arrow::Int32Builder, int32_t>({-1, std::nullopt, 5});
  EXPECT_EQ(Column(Spec("v", TypeKind::kInt64), small), (Rows{"-1", "null", "5"}));
  EXPECT_EQ(Column(Spec("v", TypeKind::kFloat64), small), (Rows{"-1.0", "null", "5.0"}));
  EXPECT_EQ(Column(Spec("v", TypeKind::kInt32), Ints({1, 3'000'000'000, std::nullopt})),
            (Rows{"1", "null", "column 'v': 3000000000 is out of range for int32"}));
  const auto huge = Build<arrow::UInt64Builder, uint64_t>({18'446'744'073'709'551'615u, 1});
  EXPECT_EQ(Column(Spec("v", TypeKind::kInt64), huge),
            (Rows{"1", "column 'v': 18446744073709551615 is out of range for int64"}));
  const auto bits = Build<arrow::BooleanBuilder, bool>({true, std::nullopt, false});
  EXPECT_EQ(Column(Spec("v", TypeKind::kBool), bits), (Rows{"true", "null", "false"}));
}

TEST_F(ParquetTest, Floats) {
  EXPECT_EQ(Column(Spec("v", TypeKind::kFloat32), Doubles({0.1, std::nullopt})),
            (Rows{"0.1", "null"}));
  const Rows read = Column(Spec("v", TypeKind::kFloat32), Doubles({1e39}));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_TRUE(Has(read[0], "is out of range for float32"));
  const auto narrow = Build<arrow::FloatBuilder, float>({0.5f});
  EXPECT_EQ(Column(Spec("v", TypeKind::kFloat64), narrow), (Rows{"0.5"}));
}

// Spark's way to write times.
TEST_F(ParquetTest, TimesOfAnyYearIn96Bits) {
  schema_ = {{Spec("v", TypeKind::kTimestamp)}};
  const Timestamp times[] = {253'402'300'799'999'000, -11'676'096'000'000'000, 1};
  const auto column = Times(arrow::TimeUnit::MICRO, {times[0], times[1], std::nullopt, times[2]});
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("v", column->type())}), {column});
  const auto out = arrow::io::FileOutputStream::Open(path_).ValueOrDie();
  const auto spark =
      parquet::ArrowWriterProperties::Builder().enable_deprecated_int96_timestamps()->build();
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 1000,
                                         parquet::default_writer_properties(), spark)
                  .ok());
  ASSERT_TRUE(out->Close().ok());
  EXPECT_EQ(Read().rows, (Rows{"9999-12-31T23:59:59.999Z", "1600-01-01T00:00:00Z", "null",
                               "1970-01-01T00:00:00.000001Z"}));
}

TEST_F(ParquetTest, Timestamps) {
  // Whatever the definition says of numbers, the file knows its unit.
  const ColumnSpec spec = Spec("v", TypeKind::kTimestamp, false, TimestampUnit::kSeconds);
  EXPECT_EQ(Column(spec, Times(arrow::TimeUnit::MILLI, {1'357'034'400'001, std::nullopt})),
            (Rows{"2013-01-01T10:00:00.001Z", "null"}));
  EXPECT_EQ(Column(spec, Times(arrow::TimeUnit::MICRO, {1})),
            (Rows{"1970-01-01T00:00:00.000001Z"}));
  EXPECT_EQ(Column(spec, Times(arrow::TimeUnit::NANO, {-1, 1999})),
            (Rows{"1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00.000001Z"}));
  EXPECT_EQ(Column(spec, Times(arrow::TimeUnit::MILLI, {int64_t{1} << 62})),
            (Rows{"column 'v': 4611686018427387904 is out of range for timestamp[s]"}));
  EXPECT_EQ(Column(spec, Ints({1'357'034'400})), (Rows{"2013-01-01T10:00:00Z"}));
  EXPECT_EQ(Column(spec, Build<arrow::Date32Builder, int32_t>({1})),
            (Rows{"1970-01-02T00:00:00Z"}));
  const ColumnSpec text = Spec("v", TypeKind::kTimestamp);
  EXPECT_EQ(
      Column(text, Strings({"2013-01-01T10:00:00Z", "soon"})),
      (Rows{"2013-01-01T10:00:00Z", "column 'v': expected timestamp (RFC 3339), found \"soon\""}));
  EXPECT_TRUE(Has(Column(text, Ints({1})).at(0), "is int64 and cannot be read as timestamp"));
}

TEST_F(ParquetTest, StringsOfEveryEncoding) {
  const ColumnSpec text = Spec("v", TypeKind::kString);
  const auto large = Build<arrow::LargeStringBuilder, std::string>({"a", std::nullopt, ""});
  EXPECT_EQ(Column(text, large), (Rows{"'a'", "null", "''"}));
  const auto words =
      Build<arrow::StringDictionaryBuilder, std::string>({"x", "y", std::nullopt, "x"});
  EXPECT_EQ(Column(text, words), (Rows{"'x'", "'y'", "null", "'x'"}));
  const auto broken = Build<arrow::BinaryBuilder, std::string>({"\xff", "ok", "\xc3\xa9"});
  EXPECT_EQ(Column(text, broken), (Rows{"'ok'", "'é'", "column 'v': not valid UTF-8"}));
  const std::string megabyte(1 << 20, 'm');
  EXPECT_TRUE(Column(text, Strings({megabyte})) == (Rows{"'" + megabyte + "'"}));
}

TEST_F(ParquetTest, Lists) {
  arrow::ListBuilder builder(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
  auto& values = static_cast<arrow::Int64Builder&>(*builder.value_builder());
  ASSERT_TRUE(builder.Append().ok() && values.Append(1).ok() && values.AppendNull().ok());
  ASSERT_TRUE(builder.AppendNull().ok() && builder.Append().ok());
  ASSERT_TRUE(builder.Append().ok() && values.Append(int64_t{1} << 40).ok() &&
              values.Append(2).ok());
  ASSERT_TRUE(builder.Append().ok() && values.Append(3).ok());
  const auto array = builder.Finish().ValueOrDie();
  EXPECT_EQ(Column(Spec("v", TypeKind::kInt64, true), array),
            (Rows{"[1, null]", "null", "[]", "[1099511627776, 2]", "[3]"}));
  EXPECT_EQ(Column(Spec("v", TypeKind::kInt32, true), array),
            (Rows{"[1, null]", "null", "[]", "[3]",
                  "column 'v': 1099511627776 is out of range for int32[]"}));
  EXPECT_TRUE(Has(Column(Spec("v", TypeKind::kInt64), array).at(0), "cannot be read as int64"));
}

TEST_F(ParquetTest, BadRowsAndRequiredColumns) {
  required_ = {{0, "event_timestamp"}};
  schema_.columns[1].type.kind = TypeKind::kFloat32;
  Write({"id", "price", "kind"},
        {Ints({1, std::nullopt, 3, 4}), Doubles({1, 2, 1e300, 4}), Strings({"a", "b", "c", "d"})});
  for (const size_t at_a_time : {size_t{1}, size_t{3}, size_t{100}}) {
    const ReadRecords read = Read(at_a_time);
    EXPECT_EQ(read.rows, (Rows{"1, 1.0, 'a'", "4, 4.0, 'd'"}));
    ASSERT_EQ(read.bad.size(), 2u);
    EXPECT_EQ(read.bad[0].record, 1);
    EXPECT_EQ(read.bad[0].line, 0);
    EXPECT_EQ(read.bad[0].reason, "no event_timestamp (column 'id' is null)");
    EXPECT_EQ(read.bad[0].text, "{\"id\": null, \"price\": 2, \"kind\": \"b\"}");
    EXPECT_EQ(read.bad[1].record, 2);
    EXPECT_TRUE(Begins(read.bad[1].reason, "column 'price': 1000"));
  }
}

TEST_F(ParquetTest, SkipsToAnyRowOverRowGroups) {
  std::vector<std::optional<int64_t>> values;
  for (int64_t i = 0; i < 25; ++i) values.push_back(i);
  schema_ = {{Spec("id", TypeKind::kInt64)}};
  Write({"id"}, {Ints(values)}, /*group_rows=*/10);
  for (int64_t skip = 0; skip <= 25; ++skip) {
    const ReadRecords read = Read(4, skip);
    ASSERT_EQ(read.rows.size(), static_cast<size_t>(25 - skip)) << read.error;
    if (skip < 25) {
      EXPECT_EQ(read.rows[0], std::to_string(skip));
    }
  }
  EXPECT_TRUE(Has(Read(4, 26).error, "has 25 records, but 26 were read"));
}

// Nulls here and there, in whole pages and in none, over row groups, read in steps that fit none of
// them, beside a column that goes through Arrow.
TEST_F(ParquetTest, NumbersWithNullsOverRowGroups) {
  std::vector<std::optional<int64_t>> ids;
  std::vector<std::optional<double>> prices;
  std::vector<std::optional<std::string>> kinds;
  Rows expected;
  for (int64_t i = 0; i < 300; ++i) {
    const bool id = i % 100 < 40 || i % 7 == 0;
    const bool price = i / 100 == 1 || i % 3 != 0;
    ids.push_back(id ? std::optional(i) : std::nullopt);
    prices.push_back(price ? std::optional(static_cast<double>(i) + 0.5) : std::nullopt);
    kinds.push_back("k" + std::to_string(i));
    expected.push_back((id ? std::to_string(i) : "null") + ", " +
                       (price ? std::to_string(i) + ".5" : "null") + ", 'k" + std::to_string(i) +
                       "'");
  }
  Write({"id", "price", "kind"}, {Ints(ids), Doubles(prices), Strings(kinds)}, /*group_rows=*/70);
  for (const size_t at_a_time : {size_t{1}, size_t{33}, size_t{1000}}) {
    EXPECT_EQ(Read(at_a_time).rows, expected);
  }
  EXPECT_EQ(Read(50, 123).rows, Rows(expected.begin() + 123, expected.end()));
}

// As every column of a batch holds them.
TEST_F(ParquetTest, NullsAreZeros) {
  schema_ = {{Spec("id", TypeKind::kInt64), Spec("price", TypeKind::kFloat64)}};
  Write({"id", "price"}, {Ints({std::nullopt, 7, std::nullopt, 8}),
                          Doubles({1.5, std::nullopt, 2.5, std::nullopt})});
  DecodeOptions options;
  options.schema = &schema_;
  auto reader = OpenParquet(path_, options);
  ASSERT_TRUE(reader.has_value());
  Batch batch;
  batch.Reset(&schema_, 0);
  std::vector<BadRecord> bad;
  ASSERT_TRUE((*reader)->Read(10, &batch, &bad).value());
  EXPECT_EQ(batch.columns[0].ints, (std::vector<int64_t>{0, 7, 0, 8}));
  EXPECT_EQ(batch.columns[0].valid, (std::vector<uint8_t>{0, 1, 0, 1}));
  EXPECT_EQ(batch.columns[1].doubles, (std::vector<double>{1.5, 0, 2.5, 0}));
}

TEST_F(ParquetTest, ColumnsThatNobodyLooksAtAreLeftEmpty) {
  required_ = {{0, "event_timestamp"}};
  schema_.columns.push_back(Spec("small", TypeKind::kInt32));
  Write({"id", "price", "kind", "small"}, {Ints({1, std::nullopt, 3}), Doubles({1, 2, 3}),
                                           Strings({"a", "b", "c"}), Ints({1, 2, 1LL << 40})});
  DecodeOptions options;
  options.schema = &schema_;
  options.required = required_;
  options.needed = {0, 0, 0, 0};
  auto reader = OpenParquet(path_, options);
  ASSERT_TRUE(reader.has_value());
  Batch batch;
  batch.Reset(&schema_, 0);
  std::vector<BadRecord> bad;
  ASSERT_TRUE((*reader)->Read(10, &batch, &bad).value());
  // What could make a record bad is read all the same.
  ASSERT_EQ(bad.size(), 2u);
  EXPECT_EQ(bad[0].reason, "no event_timestamp (column 'id' is null)");
  EXPECT_TRUE(Has(bad[1].reason, "column 'small': 1099511627776 is out of range"));
  EXPECT_EQ(batch.columns[0].ints, (std::vector<int64_t>{1}));
  EXPECT_EQ(batch.columns[1].size(), 0u);
}

TEST_F(ParquetTest, EmptyFile) {
  schema_ = {{Spec("id", TypeKind::kInt64)}};
  Write({"id"}, {Ints({})});
  const ReadRecords read = Read();
  EXPECT_TRUE(read.rows.empty());
  EXPECT_EQ(read.error, "");
}

// The count of all rows lies in the footer right before the row groups', as a number of Thrift's.
TEST_F(ParquetTest, AFooterThatSaysTwoThingsIsAnError) {
  schema_ = {{Spec("id", TypeKind::kInt64), Spec("kind", TypeKind::kString)}};
  Write({"id", "kind"}, {Ints({1, 2, 3}), Strings({"a", "b", "c"})});
  std::ifstream in(path_, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const size_t at = whole.rfind("\x16\x06\x19\x1c");
  ASSERT_NE(at, std::string::npos);
  for (const int64_t rows : {2, 4}) {
    std::string changed = whole;
    changed[at + 1] = static_cast<char>(2 * rows);
    folder_.Write("a.parquet", changed);
    EXPECT_EQ(Read().error, path_ + ": its footer says " + std::to_string(rows) +
                                " rows, and of its 1 row groups 3");
  }
}

std::shared_ptr<arrow::Array> Struct(const std::vector<std::string>& names, const Arrays& fields,
                                     const std::vector<bool>& valid) {
  arrow::BooleanBuilder bits;
  for (const bool bit : valid) EXPECT_TRUE(bits.Append(bit).ok());
  const auto built = std::static_pointer_cast<arrow::BooleanArray>(bits.Finish().ValueOrDie());
  return arrow::StructArray::Make(fields, names, built->values()).ValueOrDie();
}

TEST_F(ParquetTest, ColumnsLieWithinStructs) {
  const auto geo = Struct({"zone", "country"},
                          {Ints({1, 2, 3, std::nullopt}), Strings({"NO", "SE", "DK", "FI"})},
                          {true, true, false, true});
  const auto user =
      Struct({"age", "geo", "name"}, {Ints({10, 20, 30, 40}), geo, Strings({"a", "b", "c", "d"})},
             {true, false, true, true});
  Write({"other", "user", "id"}, {Strings({"x", "x", "x", "x"}), user, Ints({1, 2, 3, 4})}, 3);
  schema_ = {{Spec("id", TypeKind::kInt64),
              At(Spec("country", TypeKind::kString), {"user", "geo", "country"}),
              At(Spec("years", TypeKind::kInt64), {"user", "age"}),
              At(Spec("zone", TypeKind::kFloat64), {"user", "geo", "zone"})}};
  const Rows rows = {"1, 'NO', 10, 1.0", "2, null, null, null", "3, null, 30, null",
                     "4, 'FI', 40, null"};
  for (const size_t at_a_time : {1U, 2U, 1000U}) {
    const ReadRecords read = Read(at_a_time);
    EXPECT_EQ(read.error, "");
    EXPECT_EQ(read.rows, rows);
    EXPECT_EQ(Read(at_a_time, 2).rows, Rows(rows.begin() + 2, rows.end()));
  }
  schema_.columns[1].type.kind = TypeKind::kTimestamp;
  const ReadRecords bad = Read();
  ASSERT_EQ(bad.bad.size(), 2U);
  EXPECT_TRUE(Begins(bad.bad[0].reason, "column 'country': expected timestamp"));
  EXPECT_TRUE(Has(bad.bad[1].text, "\"country\": \"FI\", \"years\": 40")) << bad.bad[1].text;
}

// A struct's field may have values where the struct is null, if it can't be null itself.
TEST_F(ParquetTest, AFieldThatIsNeverNullIsNullWithItsStruct) {
  const auto age = arrow::field("age", arrow::int64(), false);
  const auto name = arrow::field("name", arrow::utf8(), false);
  const auto valid = std::static_pointer_cast<arrow::BooleanArray>(
      Build(arrow::BooleanBuilder(), std::vector<std::optional<bool>>{true, false, true}));
  Write({"user"}, {arrow::StructArray::Make({Ints({1, 2, 3}), Strings({"a", "b", "c"})},
                                            arrow::FieldVector{age, name}, valid->values())
                       .ValueOrDie()});
  schema_ = {{At(Spec("years", TypeKind::kInt64), {"user", "age"}),
              At(Spec("first", TypeKind::kString), {"user", "name"})}};
  EXPECT_EQ(Read().rows, (Rows{"1, 'a'", "null, null", "3, 'c'"}));
}

TEST_F(ParquetTest, FieldsOfStructsAreFoundOrNamed) {
  Write({"user", "id"}, {Struct({"age"}, {Ints({1})}, {true}), Ints({1})});
  std::string remedy;
  const auto error = [&](std::vector<std::string> field) {
    schema_ = {{At(Spec("c", TypeKind::kString), std::move(field))}};
    DecodeOptions options;
    options.schema = &schema_;
    const auto opened = OpenParquet(path_, options);
    remedy = opened ? "" : opened.error().remedy;
    return opened ? "" : opened.error().message;
  };
  EXPECT_TRUE(Has(error({"user"}), "column 'user' is struct<age: int64> and cannot be read as"));
  EXPECT_EQ(remedy, "Say under 'fields' which of its fields the column is.");
  EXPECT_TRUE(Has(error({"user", "ag"}), "has no field 'ag' in 'user'; there are 'age'"));
  EXPECT_TRUE(Has(error({"usr"}), "has no column 'usr'; it has 'user', 'id'"));
  EXPECT_TRUE(Has(error({"id", "x"}), "column 'id' is int64 and no struct"));
  EXPECT_TRUE(Has(error({"user", "age"}), "column 'user.age' is int64 and cannot be read as"));
}

// Each row group has a dictionary of its own.
TEST_F(ParquetTest, DictionariesWithinStructsAndLists) {
  const auto words = std::make_shared<arrow::StringDictionaryBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), words);
  for (const std::vector<std::string>& list :
       {std::vector<std::string>{"a", "b"}, {}, {"a"}, {"c"}, {"d"}}) {
    ASSERT_TRUE(lists.Append().ok());
    for (const std::string& word : list) ASSERT_TRUE(words->Append(word).ok());
  }
  arrow::StringDictionaryBuilder names;
  for (const char* const name : {"a", "b", "a", "c", "d"}) ASSERT_TRUE(names.Append(name).ok());
  Write({"user", "words", "id"},
        {Struct({"name"}, {names.Finish().ValueOrDie()}, {true, true, false, true, true}),
         lists.Finish().ValueOrDie(), Ints({1, 2, 3, 4, 5})},
        2);
  schema_ = {{Spec("id", TypeKind::kInt64), At(Spec("name", TypeKind::kString), {"user", "name"}),
              Spec("words", TypeKind::kString, true)}};
  const Rows rows = {"1, 'a', ['a', 'b']", "2, 'b', []", "3, null, ['a']", "4, 'c', ['c']",
                     "5, 'd', ['d']"};
  for (const size_t at_a_time : {1U, 3U, 1000U}) {
    for (const int64_t skipped : {0, 1, 2, 5}) {
      const ReadRecords read = Read(at_a_time, skipped);
      EXPECT_EQ(read.error, "");
      EXPECT_EQ(read.rows, Rows(rows.begin() + skipped, rows.end()));
    }
  }
}

}  // namespace
}  // namespace skewless
