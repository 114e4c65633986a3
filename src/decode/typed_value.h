// Values of formats whose schema types them, Avro and Protobuf, to those of declared columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "decode/row_builder.h"
#include "decode/scalar_text.h"
#include "model/list.h"

namespace skewless {

enum class ValueKind : uint8_t {
  kBool,
  kInt,     // of at most 64 bits
  kUint64,  // its bits in int_value
  kFloat,
  kDouble,
  kText,
  kBytes,
  kDecimal,  // its text, "-12.30"
  kDays,     // since the epoch; so are the next
  kMillis,
  kMicros,
  kNanos,
  kSecondsAndNanos,  // seconds in int_value, nanoseconds in `nanos`
};

struct TypedValue {
  int64_t int_value = 0;  // kBool, integers and times
  int32_t nanos = 0;
  double double_value = 0;
  std::string_view bytes;  // kText, kBytes, kDecimal
};

// Whether values of `kind` can become those of a column that is read as `to` (never kList): any
// integer an integer, where it fits; integers, floats and decimals a float; text and bytes with
// UTF-8 in them and a decimal a string; a decimal that is whole an integer; times and dates, RFC
// 3339 text, and where the column has a unit integers, a timestamp. A time that the schema writes
// as an integer can be read as that integer, too.
bool CanConvert(ValueKind kind, FieldKind to);

// `from` as what the column's slots hold. CanConvert(kind, to) holds.
Parsed Convert(ValueKind kind, FieldKind to, TimestampUnit unit, const TypedValue& from,
               TypedValue* value);

// The value, for a reason.
std::string TypedValueText(ValueKind kind, const TypedValue& value);

// Where values go: the slot of a column's current row, or the list that its elements make.
class TypedColumn {
 public:
  TypedColumn(const Schema& schema, size_t column);

  const ColumnSpec& spec() const { return *spec_; }
  bool is_list() const { return spec_->type.is_list; }
  FieldKind kind() const { return kind_; }  // the elements' where it is a list

  // A value of the column, or one more element of the list that was begun.
  Parsed Put(ValueKind kind, const TypedValue& value, RowBuilder& rows) {
    TypedValue converted;
    const Parsed parsed = Convert(kind, kind_, spec_->unit, value, &converted);
    if (parsed == Parsed::kOk) [[likely]]
      Store(converted, rows);
    return parsed;
  }
  void SetNull(RowBuilder& rows) { rows.SetNull(column_); }
  void BeginList() { list_.Clear(); }
  void AddNull() { list_.Add({{spec_->type.kind, false}, false, 0, 0, {}}); }
  void EndList(RowBuilder& rows) { rows.SetString(column_, rows.strings().Add(list_.Finish())); }

 private:
  void Store(const TypedValue& value, RowBuilder& rows);

  const ColumnSpec* spec_;
  size_t column_;
  FieldKind kind_;
  Physical physical_;  // of the values that Put takes
  ListBuilder list_;
};

}  // namespace skewless
