#include "training/table_file.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/csv/api.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>
#include <parquet/arrow/reader.h>

#include <set>

#include "training/csv_second_look.h"

namespace skewless {
namespace {

// What holds the same values and is no view; null: `type` is none.
std::shared_ptr<arrow::DataType> WithoutView(const arrow::DataType& type) {
  if (type.id() == arrow::Type::STRING_VIEW) return arrow::large_utf8();
  if (type.id() == arrow::Type::BINARY_VIEW) return arrow::large_binary();
  if (type.id() != arrow::Type::DICTIONARY) return nullptr;
  const auto& coded = static_cast<const arrow::DictionaryType&>(type);
  const auto values = WithoutView(*coded.value_type());
  return values == nullptr ? nullptr
                           : arrow::dictionary(coded.index_type(), values, coded.ordered());
}

arrow::Result<std::shared_ptr<arrow::Array>> ArrayAs(const std::shared_ptr<arrow::Array>& array,
                                                     const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() != arrow::Type::DICTIONARY) {
    ARROW_ASSIGN_OR_RAISE(const auto cast, arrow::compute::Cast(array, type));
    return cast.make_array();
  }
  const auto& coded = static_cast<const arrow::DictionaryArray&>(*array);
  ARROW_ASSIGN_OR_RAISE(
      const auto values,
      ArrayAs(coded.dictionary(), static_cast<const arrow::DictionaryType&>(*type).value_type()));
  return std::make_shared<arrow::DictionaryArray>(type, coded.indices(), values);
}

// Polars has text as views, and in dictionaries of views, which few of Arrow's functions take.
arrow::Result<std::shared_ptr<arrow::Table>> WithoutViews(std::shared_ptr<arrow::Table> table) {
  for (int i = 0; i < table->num_columns(); ++i) {
    const auto type = WithoutView(*table->field(i)->type());
    if (type == nullptr) continue;
    arrow::ArrayVector chunks = table->column(i)->chunks();
    for (auto& chunk : chunks) {
      ARROW_ASSIGN_OR_RAISE(chunk, ArrayAs(chunk, type));
    }
    ARROW_ASSIGN_OR_RAISE(const auto column, arrow::ChunkedArray::Make(std::move(chunks), type));
    ARROW_ASSIGN_OR_RAISE(table, table->SetColumn(i, table->field(i)->WithType(type), column));
  }
  return table;
}

arrow::Result<std::shared_ptr<arrow::Table>> ReadParquet(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  parquet::ArrowReaderProperties properties(/*use_threads=*/true);
  // As Spark writes times: nanoseconds, which Arrow makes of them, end in 2262 and begin anew.
  properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
  // UUIDs and JSON stay so in the training set.
  properties.set_arrow_extensions_enabled(true);
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(file));
  ARROW_ASSIGN_OR_RAISE(auto reader, builder.properties(properties)->Build());
  std::shared_ptr<arrow::Table> table;
  ARROW_RETURN_NOT_OK(reader->ReadTable(&table));
  return WithoutViews(table);
}

arrow::Result<std::shared_ptr<arrow::Table>> ReadArrow(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchFileReader::Open(file));
  ARROW_ASSIGN_OR_RAISE(auto table, reader->ToTable());
  // An Arrow file is its memory as it was: nothing has looked at its offsets yet.
  ARROW_RETURN_NOT_OK(table->ValidateFull());
  return WithoutViews(table);
}

using Parsing = arrow::csv::ParseOptions;

// The names in a CSV's first line.
arrow::Result<std::vector<std::string>> CsvHeader(const std::string& path, const Parsing& parsing) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  ARROW_ASSIGN_OR_RAISE(
      auto reader, arrow::csv::StreamingReader::Make(arrow::io::default_io_context(), file,
                                                     arrow::csv::ReadOptions::Defaults(), parsing,
                                                     arrow::csv::ConvertOptions::Defaults()));
  return reader->schema()->field_names();
}

arrow::Result<std::shared_ptr<arrow::Table>> ReadCsvAs(const std::string& path,
                                                       const Parsing& parsing,
                                                       const arrow::csv::ConvertOptions& convert) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::csv::TableReader::Make(
                                         arrow::io::default_io_context(), file,
                                         arrow::csv::ReadOptions::Defaults(), parsing, convert));
  return reader->Read();
}

// All columns, or `only` those; by their names, which must be told apart for it.
arrow::Result<std::shared_ptr<arrow::Table>> ReadCsvText(const std::string& path,
                                                         const Parsing& parsing,
                                                         const std::vector<std::string>& columns,
                                                         bool only) {
  auto convert = arrow::csv::ConvertOptions::Defaults();
  if (only) convert.include_columns = columns;
  for (const std::string& name : columns) convert.column_types[name] = arrow::utf8();
  convert.strings_can_be_null = true;
  convert.quoted_strings_can_be_null = false;
  convert.null_values = {""};
  return ReadCsvAs(path, parsing, convert);
}

arrow::Result<std::shared_ptr<arrow::Table>> ReadCsv(const std::string& path, const CsvText& text,
                                                     const Parsing& parsing) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> names, CsvHeader(path, parsing));
  if (text.all) return ReadCsvText(path, parsing, names, /*only=*/false);
  auto convert = arrow::csv::ConvertOptions::Defaults();
  convert.strings_can_be_null = true;
  ARROW_ASSIGN_OR_RAISE(auto table, ReadCsvAs(path, parsing, convert));
  // Values that look like numbers or null may be text all the same: a second look at those columns.
  const std::vector<SecondLook> looks = SecondLooks(*table, text);
  if (looks.empty()) return table;
  std::vector<std::string> again;
  for (const SecondLook& look : looks) again.push_back(table->field(look.column)->name());
  const bool only = std::set<std::string>(names.begin(), names.end()).size() == names.size();
  ARROW_ASSIGN_OR_RAISE(const auto as_text, ReadCsvText(path, parsing, again, only));
  for (size_t i = 0; i < looks.size(); ++i) {
    const int from = only ? static_cast<int>(i) : looks[i].column;
    const int column = looks[i].column;
    ARROW_ASSIGN_OR_RAISE(const auto decided,
                          looks[i].Decide(table->column(column), as_text->column(from)));
    ARROW_ASSIGN_OR_RAISE(
        table, table->SetColumn(column, arrow::field(table->field(column)->name(), decided->type()),
                                decided));
  }
  return table;
}

// Arrow reads a large CSV in pieces that end with a line, and fails where that line goes on in the
// next piece, within quotes. To look for such lines takes longer: only a file that can't be read
// otherwise is read so.
Parsing WithLinesInQuotes() {
  auto parsing = Parsing::Defaults();
  parsing.newlines_in_values = true;
  return parsing;
}

arrow::Result<std::shared_ptr<arrow::Table>> ReadAnyCsv(const std::string& path,
                                                        const CsvText& text) {
  auto table = ReadCsv(path, text, Parsing::Defaults());
  return table.ok() ? table : ReadCsv(path, text, WithLinesInQuotes());
}

// Read in parallel, nobody knows the number of the row that has too few fields, or too many.
arrow::Status WithRow(const std::string& path, arrow::Status failed) {
  int64_t row = 0;
  std::string found;
  auto read = arrow::csv::ReadOptions::Defaults();
  read.use_threads = false;
  auto parse = WithLinesInQuotes();
  parse.invalid_row_handler = [&](const arrow::csv::InvalidRow& invalid) {
    row = invalid.number;
    found = std::to_string(invalid.actual_columns) + " fields where the first line has " +
            std::to_string(invalid.expected_columns) + ": '" + std::string(invalid.text) + "'";
    return arrow::csv::InvalidRowResult::Error;
  };
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  ARROW_ASSIGN_OR_RAISE(
      auto reader, arrow::csv::TableReader::Make(arrow::io::default_io_context(), file, read, parse,
                                                 arrow::csv::ConvertOptions::Defaults()));
  static_cast<void>(reader->Read());
  if (found.empty()) return failed;
  // The first line counts there, and in no other of our errors.
  return arrow::Status::Invalid("row ", row - 1, ": ", found);
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Table>> ReadTableFile(const std::string& path,
                                                           TableFormat format,
                                                           const CsvText& text) {
  switch (format) {
    case TableFormat::kParquet:
      return ReadParquet(path);
    case TableFormat::kArrow:
      return ReadArrow(path);
    case TableFormat::kCsv: {
      auto table = ReadAnyCsv(path, text);
      return table.ok() ? table : WithRow(path, table.status());
    }
  }
  return arrow::Status::Invalid("unknown format");
}

}  // namespace skewless
