#include "decode/parquet_numbers.h"

#include <arrow/type.h>

#include <algorithm>
#include <cstring>

#include "decode/row_builder.h"

namespace skewless {
namespace {

bool IsMicroseconds(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP &&
         static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::MICRO;
}

// Values stand densely at the front, one for each valid row: moves each to its row, 0 elsewhere.
template <typename Value>
void SpreadOverNulls(size_t rows, size_t dense, const uint8_t* valid, Value* values) {
  for (size_t row = rows; row > 0 && dense < row; --row) {
    values[row - 1] = valid[row - 1] != 0 ? values[--dense] : Value{};
  }
}

}  // namespace

bool ParquetNumbers::CanRead(const parquet::arrow::SchemaField& field,
                             const parquet::FileMetaData& file, const ColumnSpec& spec) {
  if (field.column_index < 0 || !field.children.empty() || spec.type.is_list) return false;
  const parquet::ColumnDescriptor& leaf = *file.schema()->Column(field.column_index);
  if (leaf.max_repetition_level() != 0 || leaf.max_definition_level() > 1) return false;
  const arrow::DataType& type = *field.field->type();
  const auto stored = leaf.physical_type();
  switch (FieldKindOf(spec)) {
    case FieldKind::kInt64:
      return stored == parquet::Type::INT64 && type.id() == arrow::Type::INT64;
    case FieldKind::kFloat64:
      return stored == parquet::Type::DOUBLE && type.id() == arrow::Type::DOUBLE;
    case FieldKind::kTimestampText:
    case FieldKind::kTimestampNumber:
      return stored == parquet::Type::INT64 && IsMicroseconds(type);
    default:
      return false;
  }
}

void ParquetNumbers::Seek(int64_t row) {
  const auto metadata = file_->metadata();
  reader_.reset();
  row_group_ = -1;
  while (row_group_ + 1 < metadata->num_row_groups()) {
    const int64_t rows = metadata->RowGroup(row_group_ + 1)->num_rows();
    if (row < rows) break;
    row -= rows;
    ++row_group_;
  }
  skip_ = row;
}

bool ParquetNumbers::OpenRowGroup() {
  if (++row_group_ >= file_->metadata()->num_row_groups()) return false;
  reader_ = file_->RowGroup(row_group_)->Column(leaf_);
  nullable_ = reader_->descr()->max_definition_level() > 0;
  if (skip_ == 0) return true;
  if (reader_->type() == parquet::Type::DOUBLE) {
    static_cast<parquet::DoubleReader&>(*reader_).Skip(skip_);
  } else {
    static_cast<parquet::Int64Reader&>(*reader_).Skip(skip_);
  }
  skip_ = 0;
  return true;
}

template <typename Reader, typename Value>
size_t ParquetNumbers::ReadSome(size_t count, Value* values, uint8_t* valid) {
  levels_.resize(std::max(levels_.size(), count));
  int64_t dense = 0;
  const auto rows = static_cast<size_t>(static_cast<Reader&>(*reader_).ReadBatch(
      static_cast<int64_t>(count), nullable_ ? levels_.data() : nullptr, nullptr, values, &dense));
  if (!nullable_ || rows == static_cast<size_t>(dense)) {
    std::memset(valid, 1, rows);
    return rows;
  }
  for (size_t i = 0; i < rows; ++i) valid[i] = levels_[i] > 0 ? 1 : 0;
  SpreadOverNulls(rows, static_cast<size_t>(dense), valid, values);
  return rows;
}

bool ParquetNumbers::Append(size_t count, Column* column) {
  size_t row = column->size();
  column->Resize(row + count);
  while (count > 0) {
    if (!reader_ || !reader_->HasNext()) {
      if (!OpenRowGroup()) return false;
      continue;
    }
    uint8_t* const valid = column->valid.data() + row;
    const size_t rows =
        column->physical() == Physical::kDouble
            ? ReadSome<parquet::DoubleReader>(count, column->doubles.data() + row, valid)
            : ReadSome<parquet::Int64Reader>(count, column->ints.data() + row, valid);
    row += rows;
    count -= rows;
  }
  return true;
}

}  // namespace skewless
