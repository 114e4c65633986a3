#include "decode/parquet_reader.h"

#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <cstring>

#include "base/json_text.h"
#include "decode/arrow_column.h"
#include "decode/parquet_field.h"
#include "decode/parquet_numbers.h"
#include "decode/row_builder.h"
#include "decode/text_input.h"
#include "model/value_text.h"

namespace skewless {
namespace {

constexpr int64_t kArrowBatchRows = 32768;

tl::unexpected<Error> FailArrow(const std::string& path, const arrow::Status& status) {
  const bool is_io = status.IsIOError() && status.message().find("Parquet") == std::string::npos;
  return Fail(is_io ? ErrorCode::kIo : ErrorCode::kCorrupt, path + ": " + status.message());
}

// The leaves of a column, as Parquet counts them.
void AddLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.column_index >= 0) leaves->push_back(field.column_index);
  for (const auto& child : field.children) AddLeaves(child, leaves);
}

bool HasDictionary(const parquet::arrow::SchemaField& field) {
  return field.field->type()->id() == arrow::Type::DICTIONARY ||
         std::any_of(field.children.begin(), field.children.end(), HasDictionary);
}

class ParquetReader final : public RecordReader {
 public:
  ParquetReader(std::string path, const DecodeOptions& options)
      : path_(std::move(path)),
        schema_(*options.schema),
        required_(options.required),
        needed_(options.needed) {}

  Status Open();
  Result<bool> Read(size_t max_records, Batch* batch, std::vector<BadRecord>* bad) override {
    try {
      return ReadRows(max_records, batch, bad);
    } catch (const std::exception& error) {  // some of Parquet's own calls throw
      return Fail(ErrorCode::kCorrupt, path_ + ": " + error.what());
    }
  }
  Status Skip(int64_t records) override;

  int64_t next_record() const override { return next_record_; }
  uint64_t bytes_read() const override {
    if (total_records_ == 0) return file_bytes_;
    return static_cast<uint64_t>(static_cast<double>(file_bytes_) *
                                 static_cast<double>(next_record_) /
                                 static_cast<double>(total_records_));
  }
  uint64_t file_bytes() const override { return file_bytes_; }

 private:
  Status CountRecords();
  Status FindColumns();
  void ChooseWays(const std::vector<ParquetField>& fields);
  bool IsNeeded(size_t column) const;
  Result<bool> ReadRows(size_t max_records, Batch* batch, std::vector<BadRecord>* bad);
  // Makes current_ hold next_record_, at offset_.
  Status Position();
  Status StartRowGroups();
  Status FindValues();  // of current_
  tl::unexpected<Error> EndsEarly() const {
    return Fail(ErrorCode::kCorrupt, path_ + ": ends after " + std::to_string(next_record_) +
                                         " rows, though its footer says " +
                                         std::to_string(total_records_));
  }
  void AddBadRows(Batch* batch, size_t first, int64_t count, std::vector<BadCell>* cells,
                  const std::vector<size_t>& cell_columns, std::vector<BadRecord>* bad);
  std::string RowText(const Batch& batch, size_t first, int64_t row) const;
  void AppendCell(const Batch& batch, size_t column, size_t first, int64_t row,
                  std::string* text) const;

  std::string path_;
  const Schema& schema_;
  std::vector<RequiredColumn> required_;
  std::vector<uint8_t> needed_;
  std::unique_ptr<parquet::arrow::FileReader> file_;
  // By column, one of three ways: read as numbers, left empty, or through Arrow.
  std::vector<std::unique_ptr<ParquetNumbers>> numbers_;
  std::vector<uint8_t> left_empty_;
  std::vector<int> position_of_;  // among the columns of what Arrow returns
  std::vector<int> leaves_;       // what Arrow reads
  // Each row group has dictionaries of its own, and within a struct or a list Arrow can't put the
  // values of two into one array.
  bool one_group_a_time_ = false;
  bool numbers_placed_ = false;  // numbers_ stand at next_record_
  int64_t total_records_ = 0;
  uint64_t file_bytes_ = 0;
  std::unique_ptr<arrow::RecordBatchReader> rows_;
  int64_t rows_end_ = 0;  // the record behind the last one of rows_
  std::shared_ptr<arrow::RecordBatch> current_;
  std::vector<std::shared_ptr<arrow::Array>> values_;  // of current_, by column
  int64_t offset_ = 0;                                 // in current_
  int64_t next_record_ = 0;
};

Status ParquetReader::Open() {
  auto opened = arrow::io::ReadableFile::Open(path_);
  if (!opened.ok()) return FailArrow(path_, opened.status());
  const auto size = (*opened)->GetSize();
  if (!size.ok()) return FailArrow(path_, size.status());
  file_bytes_ = static_cast<uint64_t>(*size);
  parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  properties.set_batch_size(kArrowBatchRows);
  properties.set_pre_buffer(false);
  // As Spark writes times: nanoseconds, which Arrow makes of them, end in 2262 and begin anew.
  properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
  parquet::arrow::FileReaderBuilder builder;
  arrow::Status status = builder.Open(*opened);
  if (status.ok()) status = builder.properties(properties)->Build(&file_);
  if (!status.ok()) return FailArrow(path_, status);
  SKEWLESS_RETURN_IF_ERROR(CountRecords());
  return FindColumns();
}

// A damaged footer may say two things, and whoever believes both waits for rows of no group.
Status ParquetReader::CountRecords() {
  const auto metadata = file_->parquet_reader()->metadata();
  int64_t of_groups = 0;
  bool counts = true;
  for (int i = 0; i < metadata->num_row_groups(); ++i) {
    const int64_t rows = metadata->RowGroup(i)->num_rows();
    counts &= rows >= 0 && !__builtin_add_overflow(of_groups, rows, &of_groups);
  }
  total_records_ = metadata->num_rows();
  if (counts && of_groups == total_records_) return {};
  return Fail(ErrorCode::kCorrupt, path_ + ": its footer says " + std::to_string(total_records_) +
                                       " rows, and of its " +
                                       std::to_string(metadata->num_row_groups()) + " row groups " +
                                       (counts ? std::to_string(of_groups) : "what is no number"));
}

Status ParquetReader::FindColumns() {
  std::vector<ParquetField> wanted;  // by column
  for (const ColumnSpec& spec : schema_.columns) {
    SKEWLESS_ASSIGN_OR_RETURN(const ParquetField field,
                              FindParquetField(file_->manifest(), path_, spec));
    wanted.push_back(field);
  }
  ChooseWays(wanted);
  return {};
}

bool ParquetReader::IsNeeded(size_t column) const {
  if (needed_.empty() || needed_[column] != 0) return true;
  return std::any_of(required_.begin(), required_.end(), [&](const RequiredColumn& required) {
    return static_cast<size_t>(required.column) == column;
  });
}

void ParquetReader::ChooseWays(const std::vector<ParquetField>& fields) {
  parquet::ParquetFileReader* const file = file_->parquet_reader();
  std::vector<size_t> through_arrow;  // outermost fields
  numbers_.resize(fields.size());
  left_empty_.assign(fields.size(), 0);
  values_.resize(fields.size());
  position_of_.assign(fields.size(), -1);
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto& field = *fields[i].field;
    if (!ParquetNumbers::CanRead(field, *file->metadata(), schema_.columns[i])) {
      through_arrow.push_back(fields[i].outermost);
      AddLeaves(field, &leaves_);
      const bool is_nested = schema_.columns[i].field.size() > 1 || !field.children.empty();
      one_group_a_time_ |= is_nested && HasDictionary(field);
    } else if (IsNeeded(i)) {
      numbers_[i] = std::make_unique<ParquetNumbers>(file, field.column_index);
    } else {
      left_empty_[i] = 1;
    }
  }
  std::sort(through_arrow.begin(), through_arrow.end());
  through_arrow.erase(std::unique(through_arrow.begin(), through_arrow.end()), through_arrow.end());
  std::sort(leaves_.begin(), leaves_.end());
  for (size_t i = 0; i < fields.size(); ++i) {
    if (numbers_[i] || left_empty_[i] != 0) continue;
    const auto found = std::find(through_arrow.begin(), through_arrow.end(), fields[i].outermost);
    position_of_[i] = static_cast<int>(found - through_arrow.begin());
  }
}

Status ParquetReader::StartRowGroups() {
  const auto metadata = file_->parquet_reader()->metadata();
  std::vector<int> groups;
  int64_t begin = 0;  // of the first group that is read
  rows_end_ = 0;
  for (int i = 0; i < metadata->num_row_groups(); ++i) {
    if (one_group_a_time_ && !groups.empty()) break;
    rows_end_ += metadata->RowGroup(i)->num_rows();
    if (rows_end_ > next_record_) groups.push_back(i);
    if (groups.empty()) begin = rows_end_;
  }
  auto reader = file_->GetRecordBatchReader(groups, leaves_);
  if (!reader.ok()) return FailArrow(path_, reader.status());
  rows_ = std::move(*reader);
  offset_ = next_record_ - begin;
  return {};
}

Status ParquetReader::Position() {
  if (!numbers_placed_) {
    for (auto& numbers : numbers_) {
      if (numbers) numbers->Seek(next_record_);
    }
    numbers_placed_ = true;
  }
  if (leaves_.empty()) return {};
  if (!rows_) SKEWLESS_RETURN_IF_ERROR(StartRowGroups());
  while (!current_ || offset_ >= current_->num_rows()) {
    if (current_) offset_ -= current_->num_rows();
    const arrow::Status status = rows_->ReadNext(&current_);
    if (!status.ok()) return FailArrow(path_, status);
    if (current_) {
      SKEWLESS_RETURN_IF_ERROR(FindValues());
    } else if (next_record_ < rows_end_) {
      return EndsEarly();
    } else {
      SKEWLESS_RETURN_IF_ERROR(StartRowGroups());
    }
  }
  return {};
}

Status ParquetReader::FindValues() {
  for (size_t i = 0; i < values_.size(); ++i) {
    if (position_of_[i] < 0) continue;
    auto values = ValuesOfField(current_->column(position_of_[i]), schema_.columns[i]);
    if (!values) return Fail(values.error().code, path_ + ": " + values.error().message);
    values_[i] = std::move(*values);
  }
  return {};
}

Result<bool> ParquetReader::ReadRows(size_t max_records, Batch* batch,
                                     std::vector<BadRecord>* bad) {
  if (next_record_ >= total_records_) return false;
  SKEWLESS_RETURN_IF_ERROR(Position());
  const int64_t count =
      std::min(static_cast<int64_t>(std::min<size_t>(max_records, kArrowBatchRows)),
               leaves_.empty() ? total_records_ - next_record_ : current_->num_rows() - offset_);
  size_t first = 0;  // none but columns that are left empty: then nothing looks at it
  for (const Column& column : batch->columns) first = std::max(first, column.size());
  std::vector<BadCell> cells;
  std::vector<size_t> cell_columns;
  for (size_t i = 0; i < schema_.columns.size(); ++i) {
    if (left_empty_[i] != 0) continue;
    if (numbers_[i]) {
      if (!numbers_[i]->Append(static_cast<size_t>(count), &batch->columns[i])) return EndsEarly();
      continue;
    }
    AppendArrow(*values_[i], offset_, count, schema_.columns[i], &batch->columns[i],
                &batch->strings, &cells);
    cell_columns.resize(cells.size(), i);
  }
  AddBadRows(batch, first, count, &cells, cell_columns, bad);
  offset_ += count;
  next_record_ += count;
  return true;
}

// Takes the rows without `keep` out of a column.
void Compact(Column* column, size_t first, const std::vector<uint8_t>& keep) {
  size_t to = first;
  for (size_t i = 0; i < keep.size(); ++i) {
    if (keep[i] == 0) continue;
    const size_t from = first + i;
    switch (column->physical()) {
      case Physical::kInt:
        column->ints[to] = column->ints[from];
        break;
      case Physical::kDouble:
        column->doubles[to] = column->doubles[from];
        break;
      case Physical::kBytes:
        column->strings[to] = column->strings[from];
        break;
    }
    column->valid[to++] = column->valid[from];
  }
  column->Resize(to);
}

void ParquetReader::AddBadRows(Batch* batch, size_t first, int64_t count,
                               std::vector<BadCell>* cells, const std::vector<size_t>& cell_columns,
                               std::vector<BadRecord>* bad) {
  const size_t rows = static_cast<size_t>(count);
  std::vector<std::string> reasons;  // by row, made at the first bad one
  const auto refuse = [&](size_t row, std::string reason) {
    if (reasons.empty()) reasons.resize(rows);
    if (reasons[row].empty()) reasons[row] = std::move(reason);
  };
  for (size_t i = 0; i < cells->size(); ++i) {
    const BadCell& cell = (*cells)[i];
    refuse(cell.row - first,
           ValueReason(schema_.columns[cell_columns[i]], cell.found, cell.problem));
  }
  for (const RequiredColumn& required : required_) {
    const uint8_t* const valid =
        batch->columns[static_cast<size_t>(required.column)].valid.data() + first;
    if (std::memchr(valid, 0, rows) == nullptr) continue;
    for (size_t i = 0; i < rows; ++i) {
      if (valid[i] == 0) refuse(i, MissingReason(schema_, required));
    }
  }
  if (reasons.empty()) return;
  std::vector<uint8_t> keep(rows, 1);
  for (size_t i = 0; i < rows; ++i) {
    if (reasons[i].empty()) continue;
    keep[i] = 0;
    const int64_t row = static_cast<int64_t>(i);
    bad->push_back({next_record_ + row, 0, reasons[i], RowText(*batch, first, row)});
  }
  for (size_t i = 0; i < batch->columns.size(); ++i) {
    if (left_empty_[i] == 0) Compact(&batch->columns[i], first, keep);
  }
}

void ParquetReader::AppendCell(const Batch& batch, size_t column, size_t first, int64_t row,
                               std::string* text) const {
  if (numbers_[column]) {
    AppendJsonValue(*text, ValueAt(batch.columns[column], first + static_cast<size_t>(row)));
    return;
  }
  const auto scalar = values_[column]->GetScalar(offset_ + row);
  if (!scalar.ok() || !(*scalar)->is_valid) {
    *text += "null";
  } else if (arrow::is_primitive((*scalar)->type->id()) &&
             !arrow::is_temporal((*scalar)->type->id())) {
    *text += (*scalar)->ToString();
  } else {
    AppendJsonString(*text, (*scalar)->ToString());
  }
}

// `row` counts from `first` of the batch and from offset_ of what Arrow gave.
std::string ParquetReader::RowText(const Batch& batch, size_t first, int64_t row) const {
  std::string text = "{";
  for (size_t i = 0; i < schema_.columns.size(); ++i) {
    if (left_empty_[i] != 0) continue;
    if (text.size() > 1) text += ", ";
    AppendJsonString(text, schema_.columns[i].name);
    text += ": ";
    AppendCell(batch, i, first, row, &text);
  }
  text += "}";
  return std::string(KeptPart(text));
}

Status ParquetReader::Skip(int64_t records) {
  if (records > total_records_ - next_record_) {
    return TooFewRecords(path_, total_records_, records - (total_records_ - next_record_));
  }
  next_record_ += records;
  rows_.reset();
  current_.reset();
  numbers_placed_ = false;
  return {};
}

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenParquet(const std::string& path,
                                                  const DecodeOptions& options) {
  try {
    auto reader = std::make_unique<ParquetReader>(path, options);
    SKEWLESS_RETURN_IF_ERROR(reader->Open());
    return reader;
  } catch (const std::exception& error) {  // Parquet's own calls throw
    return Fail(ErrorCode::kCorrupt, path + ": " + error.what());
  }
}

}  // namespace skewless
