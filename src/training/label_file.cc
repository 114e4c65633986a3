#include "training/label_file.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/source_text.h"
#include "model/value_text.h"
#include "training/label_index.h"
#include "training/table_column.h"

namespace skewless {
namespace {

std::string ColumnList(const arrow::Table& table) {
  std::string names;
  for (const std::string& name : table.ColumnNames()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

bool HasColumn(const arrow::Table& table, const std::string& name) {
  return !table.schema()->GetAllFieldIndices(name).empty();
}

Result<std::shared_ptr<arrow::ChunkedArray>> FindColumn(const std::string& path,
                                                        const arrow::Table& table,
                                                        const std::string& name,
                                                        const std::string& role) {
  auto column = table.GetColumnByName(name);
  if (column) return column;
  if (HasColumn(table, name)) {
    return Fail(ErrorCode::kInvalid, path + ": several columns are called '" + name + "', " + role,
                "Give each a name of its own.");
  }
  const std::string near = NearestName(name, table.ColumnNames());
  return Fail(ErrorCode::kInvalid, path + ": no column '" + name + "', " + role,
              near.empty()
                  ? "Its columns are: " + ColumnList(table) + "."
                  : "Did you mean '" + near + "'? Its columns are: " + ColumnList(table) + ".");
}

// Whole numbers tell no unit. One that is none of the years that anyone asks about is of another
// than microseconds: taken for them it would be asked for at a time without records, or with all.
Status CheckUnit(const std::string& path, const std::string& name, const Column& times) {
  constexpr Timestamp kFirst = 31'536'000'000'000;    // 1971
  constexpr Timestamp kLast = 7'289'654'400'000'000;  // 2201
  const auto is_likely = [](Timestamp time) { return time >= kFirst && time < kLast; };
  for (size_t row = 0; row < times.size(); ++row) {
    const Timestamp time = times.ints[row];
    if (times.valid[row] == 0 || is_likely(time)) continue;
    std::string remedy = "Whole numbers are microseconds since 1970";
    struct Unit {
      TimestampUnit unit;
      const char *name, *conversion;
    };
    for (const Unit& one : {Unit{TimestampUnit::kSeconds, "seconds", "multiply by 1,000,000"},
                            Unit{TimestampUnit::kMillis, "milliseconds", "multiply by 1,000"},
                            Unit{TimestampUnit::kNanos, "nanoseconds", "divide by 1,000"}}) {
      const auto as_unit = TimestampFromNumber(time, one.unit);
      if (!as_unit || !is_likely(*as_unit)) continue;
      remedy += fmt::format("; as {} this is {}: {}", one.name, FormatTimestamp(*as_unit),
                            one.conversion);
      break;
    }
    return Fail(
        ErrorCode::kInvalid,
        AtRow(path, name, static_cast<int64_t>(row)) +
            fmt::format(": the time {} is {} as microseconds, outside the years 1971 to 2200", time,
                        FormatTimestamp(time)),
        remedy + ". A time column of type timestamp, or RFC 3339 text, may be of any year.");
  }
  return {};
}

Result<Column> TimesOf(const std::string& path, const std::string& name,
                       const std::shared_ptr<arrow::ChunkedArray>& column) {
  Column times;
  times.type = {TypeKind::kTimestamp, false};
  bool any_number = false;
  SKEWLESS_RETURN_IF_ERROR(ReadTimes(path, name, column, &times, &any_number));
  if (any_number) SKEWLESS_RETURN_IF_ERROR(CheckUnit(path, name, times));
  return times;
}

// Of a damaged file Arrow may ask for more memory than there is, and throw.
arrow::Result<std::shared_ptr<arrow::Table>> ReadTable(const std::string& path, TableFormat format,
                                                       const CsvText& text) {
  try {
    return ReadTableFile(path, format, text);
  } catch (const std::exception& error) {
    return arrow::Status::Invalid("cannot be read: ", error.what());
  }
}

// Where a file can't be read as what its name says.
std::string RemedyOf(TableFormat format) {
  switch (format) {
    case TableFormat::kCsv:
      return "The first line names the columns, and each row has a field for each: quote one that "
             "has a comma or ends a line.";
    case TableFormat::kArrow:
      return "It is to be an Arrow file, whole (pyarrow: ipc.new_file, polars: write_ipc): no "
             "stream, as ipc.new_stream and write_ipc_stream make.";
    case TableFormat::kParquet:
      return "Is it a Parquet file, and whole? Write it again, or name it by its format.";
  }
  return {};
}

// Of what can't be opened the system's word is plainer than Arrow's.
Status CheckHasBytes(const std::string& path) {
  if (std::error_code unknown; std::filesystem::is_directory(path, unknown)) {
    return Fail(ErrorCode::kInvalid, path + ": is a folder", "Name the file of labels in it.");
  }
  SKEWLESS_ASSIGN_OR_RETURN(const auto file, SystemFiles().OpenRead(path));
  SKEWLESS_ASSIGN_OR_RETURN(const uint64_t bytes, file->Size());
  if (bytes > 0) return {};
  return Fail(ErrorCode::kInvalid, path + ": the file is empty",
              "Labels have columns: the entities' keys and a time, and a row for each label.");
}

}  // namespace

Result<TableFormat> TableFormatOf(const std::string& path) {
  const auto ends = [&](std::string_view suffix) { return path.ends_with(suffix); };
  if (ends(".parquet") || ends(".pq")) return TableFormat::kParquet;
  if (ends(".csv")) return TableFormat::kCsv;
  if (ends(".arrow") || ends(".feather") || ends(".ipc")) return TableFormat::kArrow;
  return Fail(ErrorCode::kInvalid, path + ": unknown format",
              "Name the file .parquet, .csv or .arrow.");
}

Result<LabelTable> ReadLabels(const std::string& path, const std::string& timestamp_column,
                              const CsvText& text) {
  if (!SystemFiles().Exists(path)) {
    return Fail(ErrorCode::kNotFound, path + ": no such file", "Name the file of labels.");
  }
  SKEWLESS_ASSIGN_OR_RETURN(const TableFormat format, TableFormatOf(path));
  SKEWLESS_RETURN_IF_ERROR(CheckHasBytes(path));
  static_cast<void>(arrow::compute::Initialize());
  auto table = ReadTable(path, format, text);
  if (!table.ok()) {
    auto failed = FailArrow(path, table.status());
    failed.value().remedy = RemedyOf(format);
    return failed;
  }
  SKEWLESS_RETURN_IF_ERROR(CheckLabelCount(path, (*table)->num_rows()));
  LabelTable labels;
  labels.path = path;
  labels.table = *table;
  SKEWLESS_ASSIGN_OR_RETURN(
      auto column, FindColumn(path, **table, timestamp_column, "the labels' time (--timestamp)"));
  SKEWLESS_ASSIGN_OR_RETURN(Column times, TimesOf(path, timestamp_column, column));
  const auto null = std::find(times.valid.begin(), times.valid.end(), uint8_t{0});
  if (null != times.valid.end()) {
    return Fail(ErrorCode::kInvalid,
                AtRow(path, timestamp_column, null - times.valid.begin()) + ": the time is null",
                "Every label row needs the time that it is asked for.");
  }
  labels.time_us = std::move(times.ints);
  return labels;
}

Status CheckLabelCount(const std::string& path, int64_t rows) {
  if (rows <= LabelIndex::kMostLabels) return {};
  return Fail(ErrorCode::kInvalid,
              fmt::format("{}: has {} rows, and a training set at most {}", path, rows,
                          LabelIndex::kMostLabels),
              "Split it and join each part: a label's row is the same in whatever file.");
}

bool HasColumn(const LabelTable& labels, const std::string& name) {
  return HasColumn(*labels.table, name);
}

Result<Column> LabelColumn(const LabelTable& labels, const std::string& name, Type type,
                           StringArena* arena, const std::string& role) {
  SKEWLESS_ASSIGN_OR_RETURN(auto column,
                            FindColumn(labels.path, *labels.table, name,
                                       role + (role.empty() ? "a " : ", a ") + TypeName(type)));
  if (type.kind == TypeKind::kTimestamp && !type.is_list) return TimesOf(labels.path, name, column);
  return ConvertColumn(labels.path, name, column, type, arena);
}

}  // namespace skewless
