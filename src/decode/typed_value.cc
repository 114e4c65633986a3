#include "decode/typed_value.h"

#include "base/json_text.h"
#include "base/number_text.h"
#include "base/utf8.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

constexpr int64_t kMicrosPerDay = int64_t{86'400} * 1'000'000;

bool IsTime(ValueKind kind) { return kind >= ValueKind::kDays; }
bool IsInt(ValueKind kind) { return kind == ValueKind::kInt || kind == ValueKind::kUint64; }
bool IsText(ValueKind kind) { return kind == ValueKind::kText || kind == ValueKind::kBytes; }

Parsed ToMicros(ValueKind kind, const TypedValue& from, int64_t* micros) {
  switch (kind) {
    case ValueKind::kDays:
      return __builtin_mul_overflow(from.int_value, kMicrosPerDay, micros) ? Parsed::kOutOfRange
                                                                           : Parsed::kOk;
    case ValueKind::kMillis:
      return ScaleTimestamp(from.int_value, TimestampUnit::kMillis, micros);
    case ValueKind::kMicros:
      *micros = from.int_value;
      return Parsed::kOk;
    case ValueKind::kNanos:
      return ScaleTimestamp(from.int_value, TimestampUnit::kNanos, micros);
    default:
      break;
  }
  // Nanoseconds count forward from the second, as Protobuf has it; others are no valid time.
  if (from.nanos < 0 || from.nanos > 999'999'999) return Parsed::kMalformed;
  const Parsed parsed = ScaleTimestamp(from.int_value, TimestampUnit::kSeconds, micros);
  if (parsed != Parsed::kOk) return parsed;
  return __builtin_add_overflow(*micros, from.nanos / 1000, micros) ? Parsed::kOutOfRange
                                                                    : Parsed::kOk;
}

// "9.00" is 9; "9.50" is no integer.
Parsed DecimalToInt(std::string_view text, int64_t* value) {
  const size_t point = text.find('.');
  if (point != std::string_view::npos &&
      text.find_first_not_of('0', point + 1) != std::string_view::npos)
    return Parsed::kMalformed;
  return DecodeInt64(text.substr(0, point), value);
}

// An integer, of a ValueKind that CanConvert lets become one.
Parsed ToInt(ValueKind kind, const TypedValue& from, int64_t* value) {
  if (kind == ValueKind::kDecimal) return DecimalToInt(from.bytes, value);
  if (kind == ValueKind::kUint64 && from.int_value < 0) return Parsed::kOutOfRange;
  *value = from.int_value;
  return Parsed::kOk;
}

Parsed ToDouble(ValueKind kind, const TypedValue& from, bool is_float, double* value) {
  if (kind == ValueKind::kFloat || kind == ValueKind::kDouble) {
    *value = from.double_value;
    return is_float && kind == ValueKind::kDouble ? RoundToFloat(value) : Parsed::kOk;
  }
  if (kind == ValueKind::kDecimal) {
    const Parsed parsed = DecodeDouble(from.bytes, value);
    return parsed == Parsed::kOk && is_float ? RoundToFloat(value) : parsed;
  }
  const auto bits = static_cast<uint64_t>(from.int_value);
  if (kind == ValueKind::kUint64) {
    *value = is_float ? static_cast<double>(static_cast<float>(bits)) : static_cast<double>(bits);
  } else {
    *value = is_float ? static_cast<double>(static_cast<float>(from.int_value))
                      : static_cast<double>(from.int_value);
  }
  return Parsed::kOk;
}

}  // namespace

bool CanConvert(ValueKind kind, FieldKind to) {
  // Seconds and nanoseconds are two numbers: no one integer stands for them.
  const bool counts = IsInt(kind) || (IsTime(kind) && kind != ValueKind::kSecondsAndNanos);
  switch (to) {
    case FieldKind::kBool:
      return kind == ValueKind::kBool;
    case FieldKind::kInt32:
    case FieldKind::kInt64:
      return counts || kind == ValueKind::kDecimal;
    case FieldKind::kFloat32:
    case FieldKind::kFloat64:
      return IsInt(kind) || kind == ValueKind::kFloat || kind == ValueKind::kDouble ||
             kind == ValueKind::kDecimal;
    case FieldKind::kString:
      return IsText(kind) || kind == ValueKind::kDecimal;
    case FieldKind::kBytes:
      return IsText(kind);
    case FieldKind::kTimestampText:
      return IsTime(kind) || kind == ValueKind::kText;
    case FieldKind::kTimestampNumber:
      return IsTime(kind) || IsInt(kind);
    case FieldKind::kList:
      break;
  }
  return false;
}

Parsed Convert(ValueKind kind, FieldKind to, TimestampUnit unit, const TypedValue& from,
               TypedValue* value) {
  switch (to) {
    case FieldKind::kBool:
      value->int_value = from.int_value;
      return Parsed::kOk;
    case FieldKind::kInt64:
      return ToInt(kind, from, &value->int_value);
    case FieldKind::kInt32: {
      const Parsed parsed = ToInt(kind, from, &value->int_value);
      return parsed == Parsed::kOk ? CheckInt32(value->int_value) : parsed;
    }
    case FieldKind::kFloat32:
    case FieldKind::kFloat64:
      return ToDouble(kind, from, to == FieldKind::kFloat32, &value->double_value);
    case FieldKind::kString:
      value->bytes = from.bytes;
      return IsUtf8(from.bytes) ? Parsed::kOk : Parsed::kNotUtf8;
    case FieldKind::kBytes:
      value->bytes = from.bytes;
      return Parsed::kOk;
    case FieldKind::kTimestampText:
      if (kind == ValueKind::kText) return DecodeTimestampText(from.bytes, &value->int_value);
      return ToMicros(kind, from, &value->int_value);
    case FieldKind::kTimestampNumber: {
      if (IsTime(kind)) return ToMicros(kind, from, &value->int_value);
      const Parsed parsed = ToInt(kind, from, &value->int_value);
      return parsed == Parsed::kOk ? ScaleTimestamp(value->int_value, unit, &value->int_value)
                                   : parsed;
    }
    case FieldKind::kList:
      break;
  }
  return Parsed::kMalformed;
}

std::string TypedValueText(ValueKind kind, const TypedValue& value) {
  std::string text;
  switch (kind) {
    case ValueKind::kBool:
      return value.int_value != 0 ? "true" : "false";
    case ValueKind::kUint64:
      return std::to_string(static_cast<uint64_t>(value.int_value));
    case ValueKind::kFloat:
      AppendFloat(text, static_cast<float>(value.double_value));
      return text;
    case ValueKind::kDouble:
      AppendDouble(text, value.double_value);
      return text;
    case ValueKind::kText:
    case ValueKind::kBytes:
      AppendJsonString(text, KeptPart(value.bytes));
      return text;
    case ValueKind::kDecimal:
      return std::string(value.bytes);
    case ValueKind::kSecondsAndNanos:
      return std::to_string(value.int_value) + " s and " + std::to_string(value.nanos) + " ns";
    default:
      return std::to_string(value.int_value);
  }
}

TypedColumn::TypedColumn(const Schema& schema, size_t column)
    : spec_(&schema.columns[column]),
      column_(column),
      kind_(is_list() ? ElementKindOf(*spec_) : FieldKindOf(*spec_)),
      physical_(PhysicalOf({spec_->type.kind, false})),
      list_(spec_->type.kind) {}

void TypedColumn::Store(const TypedValue& value, RowBuilder& rows) {
  if (is_list()) {
    return list_.Add(
        {{spec_->type.kind, false}, true, value.int_value, value.double_value, value.bytes});
  }
  switch (physical_) {
    case Physical::kInt:
      return rows.SetInt(column_, value.int_value);
    case Physical::kDouble:
      return rows.SetDouble(column_, value.double_value);
    case Physical::kBytes:
      return rows.SetString(column_, rows.strings().Add(value.bytes));
  }
}

}  // namespace skewless
