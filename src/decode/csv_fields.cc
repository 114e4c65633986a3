#include "decode/csv_fields.h"

#include "base/utf8.h"
#include "decode/scalar_text.h"

namespace skewless {
namespace {

std::string Quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

}  // namespace

std::string_view Trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

CsvFields::CsvFields(const Schema& schema, CsvOptions csv)
    : schema_(schema), csv_(std::move(csv)), lists_(schema), fields_(schema.columns.size()) {
  for (const ColumnSpec& spec : schema.columns) {
    field_of_.push_back(kinds_.size());
    kinds_.push_back(FieldKindOf(spec));
  }
}

void CsvFields::Take(std::vector<size_t> field_of, size_t fields) {
  field_of_ = std::move(field_of);
  fields_ = fields;
}

bool CsvFields::Decode(const CsvRecord& record, RowBuilder& rows, std::string* reason) {
  if (record.text_after_quote) {
    *reason = "text follows a closing quote";
    return false;
  }
  if (record.fields.size() != fields_) {
    *reason = "expected " + std::to_string(fields_) + " fields, found " +
              std::to_string(record.fields.size());
    return false;
  }
  for (size_t i = 0; i < kinds_.size(); ++i) {
    const CsvField& field = record.fields[field_of_[i]];
    if (!field.quoted && (field.text.empty() || field.text == csv_.null_text)) continue;
    if (!DecodeField(i, field, rows, reason)) return false;
  }
  return true;
}

bool CsvFields::DecodeField(size_t column, const CsvField& field, RowBuilder& rows,
                            std::string* reason) {
  const FieldKind kind = kinds_[column];
  const ColumnSpec& spec = schema_.columns[column];
  const std::string_view whole = CsvValue(field, &scratch_);
  if (kind == FieldKind::kString || kind == FieldKind::kBytes) {
    if (kind == FieldKind::kString && !IsUtf8(whole)) {
      *reason = ValueReason(spec, {}, Parsed::kNotUtf8);
      return false;
    }
    rows.SetString(column, rows.strings().Add(whole));
    return true;
  }
  const std::string_view text = Trimmed(whole);
  if (kind == FieldKind::kList) return lists_.DecodeList(column, text, rows, reason);
  int64_t number = 0;
  double real = 0;
  Parsed parsed = Parsed::kMalformed;
  switch (kind) {
    case FieldKind::kBool:
      parsed = DecodeBool(text, &number);
      break;
    case FieldKind::kInt32:
      parsed = DecodeInt32(text, &number);
      break;
    case FieldKind::kInt64:
      parsed = DecodeInt64(text, &number);
      break;
    case FieldKind::kTimestampText:
      parsed = DecodeTimestampText(text, &number);
      break;
    case FieldKind::kTimestampNumber:
      parsed = DecodeTimestampNumber(text, spec.unit, &number);
      break;
    case FieldKind::kFloat32:
      parsed = DecodeDouble(text, &real);
      if (parsed == Parsed::kOk) parsed = RoundToFloat(&real);
      break;
    case FieldKind::kFloat64:
      parsed = DecodeDouble(text, &real);
      break;
    default:
      break;
  }
  if (parsed != Parsed::kOk) [[unlikely]] {
    *reason = ValueReason(spec, parsed == Parsed::kOutOfRange ? std::string(text) : Quoted(whole),
                          parsed);
    return false;
  }
  if (IsFloat(spec.type)) {
    rows.SetDouble(column, real);
  } else {
    rows.SetInt(column, number);
  }
  return true;
}

}  // namespace skewless
