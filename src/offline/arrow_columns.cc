#include "offline/arrow_columns.h"

#include <arrow/api.h>
#include <arrow/util/bit_util.h>

#include <algorithm>

#include "model/list.h"

namespace skewless {
namespace {

std::shared_ptr<arrow::DataType> ScalarType(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBool:
      return arrow::boolean();
    case TypeKind::kInt32:
      return arrow::int32();
    case TypeKind::kInt64:
      return arrow::int64();
    case TypeKind::kFloat32:
      return arrow::float32();
    case TypeKind::kFloat64:
      return arrow::float64();
    case TypeKind::kString:
      return arrow::utf8();
    case TypeKind::kBytes:
      return arrow::binary();
    case TypeKind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  }
  return arrow::null();
}

// The rows asked for, one after the other.
struct Rows {
  const Column& column;
  std::optional<std::span<const uint32_t>> order;
  size_t size() const { return order ? order->size() : column.size(); }
  size_t operator[](size_t i) const { return order ? (*order)[i] : i; }
};

template <typename Builder, typename Get>
arrow::Result<std::shared_ptr<arrow::Array>> Build(const Rows& rows,
                                                   std::shared_ptr<arrow::DataType> type, Get get) {
  Builder builder(std::move(type), arrow::default_memory_pool());
  ARROW_RETURN_NOT_OK(builder.Reserve(static_cast<int64_t>(rows.size())));
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t row = rows[i];
    ARROW_RETURN_NOT_OK(rows.column.valid[row] != 0 ? builder.Append(get(row))
                                                    : builder.AppendNull());
  }
  return builder.Finish();
}

arrow::Result<std::shared_ptr<arrow::Array>> ScalarArray(const Rows& rows) {
  const Column& column = rows.column;
  const auto type = ScalarType(column.type.kind);
  switch (column.type.kind) {
    case TypeKind::kBool:
      return Build<arrow::BooleanBuilder>(rows, type,
                                          [&](size_t row) { return column.ints[row] != 0; });
    case TypeKind::kInt32:
      return Build<arrow::Int32Builder>(
          rows, type, [&](size_t row) { return static_cast<int32_t>(column.ints[row]); });
    case TypeKind::kInt64:
      return Build<arrow::Int64Builder>(rows, type, [&](size_t row) { return column.ints[row]; });
    case TypeKind::kFloat32:
      return Build<arrow::FloatBuilder>(
          rows, type, [&](size_t row) { return static_cast<float>(column.doubles[row]); });
    case TypeKind::kFloat64:
      return Build<arrow::DoubleBuilder>(rows, type,
                                         [&](size_t row) { return column.doubles[row]; });
    case TypeKind::kTimestamp:
      return Build<arrow::TimestampBuilder>(rows, type,
                                            [&](size_t row) { return column.ints[row]; });
    case TypeKind::kString:
    case TypeKind::kBytes:
      break;
  }
  std::unique_ptr<arrow::ArrayBuilder> made;
  ARROW_ASSIGN_OR_RAISE(made, arrow::MakeBuilder(type));
  auto& builder = static_cast<arrow::BinaryBuilder&>(*made);  // a StringBuilder is one
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t row = rows[i];
    ARROW_RETURN_NOT_OK(column.valid[row] != 0 ? builder.Append(column.strings[row])
                                               : builder.AppendNull());
  }
  return builder.Finish();
}

arrow::Result<std::shared_ptr<arrow::Array>> ListArray(const Rows& rows) {
  // The elements of all lists as one column, and where each list begins in it.
  Column elements;
  elements.type = {rows.column.type.kind, false};
  arrow::Int32Builder offsets;
  std::vector<ValueView> decoded;
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t row = rows[i];
    if (rows.column.valid[row] == 0) {
      ARROW_RETURN_NOT_OK(offsets.AppendNull());
      continue;
    }
    ARROW_RETURN_NOT_OK(offsets.Append(static_cast<int32_t>(elements.size())));
    if (!DecodeList(rows.column.type.kind, rows.column.strings[row], &decoded)) {
      return arrow::Status::Invalid("a list value is malformed");
    }
    for (const ValueView& one : decoded) AppendValue(elements, one);
  }
  ARROW_RETURN_NOT_OK(offsets.Append(static_cast<int32_t>(elements.size())));
  ARROW_ASSIGN_OR_RAISE(auto offset_array, offsets.Finish());
  ARROW_ASSIGN_OR_RAISE(auto values, ScalarArray({elements, std::nullopt}));
  return arrow::ListArray::FromArrays(*offset_array, *values);
}

// A bit a row; null where all are valid.
arrow::Result<std::shared_ptr<arrow::Buffer>> ValidityBits(const Column& column,
                                                           int64_t* null_count) {
  const auto rows = static_cast<int64_t>(column.size());
  *null_count = std::count(column.valid.begin(), column.valid.end(), uint8_t{0});
  if (*null_count == 0) return std::shared_ptr<arrow::Buffer>();
  ARROW_ASSIGN_OR_RAISE(auto bits, arrow::AllocateEmptyBitmap(rows));
  for (int64_t row = 0; row < rows; ++row) {
    if (column.valid[static_cast<size_t>(row)] != 0)
      arrow::bit_util::SetBit(bits->mutable_data(), row);
  }
  return bits;
}

}  // namespace

std::shared_ptr<arrow::DataType> ArrowType(Type type) {
  return type.is_list ? arrow::list(ScalarType(type.kind)) : ScalarType(type.kind);
}

arrow::Result<std::shared_ptr<arrow::Array>> ArrowArray(
    const Column& column, std::optional<std::span<const uint32_t>> order) {
  const Rows rows{column, order};
  return column.type.is_list ? ListArray(rows) : ScalarArray(rows);
}

arrow::Result<std::shared_ptr<arrow::Array>> ArrowView(const Column& column) {
  std::shared_ptr<arrow::Buffer> values;
  switch (column.type.kind) {
    case TypeKind::kInt64:
    case TypeKind::kTimestamp:
      values = arrow::Buffer::Wrap(column.ints);
      break;
    case TypeKind::kFloat64:
      values = arrow::Buffer::Wrap(column.doubles);
      break;
    default:
      break;
  }
  if (column.type.is_list || values == nullptr) return ArrowArray(column);
  int64_t nulls = 0;
  ARROW_ASSIGN_OR_RAISE(auto valid, ValidityBits(column, &nulls));
  return arrow::MakeArray(arrow::ArrayData::Make(
      ArrowType(column.type), static_cast<int64_t>(column.size()), {valid, values}, nulls));
}

}  // namespace skewless
