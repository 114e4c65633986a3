#include "decode/row_builder.h"

namespace skewless {

static FieldKind KindOf(TypeKind kind, TimestampUnit unit) {
  switch (kind) {
    case TypeKind::kBool:
      return FieldKind::kBool;
    case TypeKind::kInt32:
      return FieldKind::kInt32;
    case TypeKind::kInt64:
      return FieldKind::kInt64;
    case TypeKind::kFloat32:
      return FieldKind::kFloat32;
    case TypeKind::kFloat64:
      return FieldKind::kFloat64;
    case TypeKind::kString:
      return FieldKind::kString;
    case TypeKind::kBytes:
      return FieldKind::kBytes;
    case TypeKind::kTimestamp:
      break;
  }
  return unit == TimestampUnit::kText ? FieldKind::kTimestampText : FieldKind::kTimestampNumber;
}

FieldKind FieldKindOf(const ColumnSpec& spec) {
  return spec.type.is_list ? FieldKind::kList : KindOf(spec.type.kind, spec.unit);
}

FieldKind ElementKindOf(const ColumnSpec& list) { return KindOf(list.type.kind, list.unit); }

void RowBuilder::Begin(Batch* batch, size_t max_rows) {
  batch_ = batch;
  row_ = batch->columns.empty() ? 0 : batch->columns[0].size();
  slots_.resize(schema_.columns.size());
  for (size_t i = 0; i < slots_.size(); ++i) {
    Column& column = batch->columns[i];
    column.Resize(row_ + max_rows);
    slots_[i] = {column.ints.data(), column.doubles.data(), column.strings.data(),
                 column.valid.data()};
  }
}

void RowBuilder::End() {
  for (size_t i = 0; i < slots_.size(); ++i) batch_->columns[i].Resize(row_);
}

void RowBuilder::SetNull(size_t column) {
  Slot& slot = slots_[column];
  slot.valid[row_] = 0;
  switch (PhysicalOf(schema_.columns[column].type)) {
    case Physical::kInt:
      slot.ints[row_] = 0;
      break;
    case Physical::kDouble:
      slot.doubles[row_] = 0;
      break;
    case Physical::kBytes:
      slot.strings[row_] = {};
      break;
  }
}

bool RowBuilder::Keep(std::string* reason) {
  for (const RequiredColumn& required : required_) {
    if (slots_[static_cast<size_t>(required.column)].valid[row_] == 0) [[unlikely]] {
      *reason = MissingReason(schema_, required);
      Discard();
      return false;
    }
  }
  ++row_;
  return true;
}

void RowBuilder::Discard() {
  for (size_t i = 0; i < slots_.size(); ++i) SetNull(i);
}

std::string MissingReason(const Schema& schema, const RequiredColumn& required) {
  const ColumnSpec& column = schema.columns[static_cast<size_t>(required.column)];
  const std::string field = column.field.empty() ? "" : ", field '" + FieldText(column) + "',";
  return "no " + required.role + " (column '" + column.name + "'" + field + " is null)";
}

}  // namespace skewless
