#include "decode/arrow_column.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/utf8.h"
#include "decode/decimal_text.h"
#include "decode/row_builder.h"
#include "decode/typed_value.h"
#include "model/list.h"

namespace skewless {
namespace {

// Where the rows go: `row` is the first of them in the column.
struct Target {
  const ColumnSpec& spec;
  FieldKind kind;
  Column* column;
  StringArena* strings;
  std::vector<BadCell>* bad;
  size_t row;

  void Refuse(size_t i, std::string found, Parsed problem) const {
    column->valid[row + i] = 0;
    bad->push_back({row + i, std::move(found), problem});
  }
};

// A run of an array's rows.
struct Run {
  const arrow::Array& array;
  int64_t begin;
  int64_t count;
};

void CopyValidity(const Run& run, const Target& to) {
  uint8_t* const valid = to.column->valid.data() + to.row;
  if (run.array.null_count() == 0) {
    std::memset(valid, 1, static_cast<size_t>(run.count));
    return;
  }
  for (int64_t i = 0; i < run.count; ++i) valid[i] = run.array.IsValid(run.begin + i) ? 1 : 0;
}

// `convert(value, &out)` for each value; what it refuses is named by `value`'s text.
template <typename Array, typename Out, typename Convert>
void ConvertEach(const Run& run, const Target& to, Out* out, Convert convert) {
  const auto* const values = static_cast<const Array&>(run.array).raw_values() + run.begin;
  const uint8_t* const valid = to.column->valid.data() + to.row;
  for (int64_t i = 0; i < run.count; ++i) {
    if (valid[i] == 0) continue;
    Out value{};
    const Parsed parsed = convert(values[i], &value);
    if (parsed == Parsed::kOk) [[likely]] {
      out[i] = value;
    } else {
      to.Refuse(static_cast<size_t>(i), std::to_string(values[i]), parsed);
    }
  }
}

// Conversions that cannot fail; the slots of nulls stay zero.
template <typename Array, typename Out>
void WidenEach(const Run& run, const Target& to, Out* out) {
  const auto* const values = static_cast<const Array&>(run.array).raw_values() + run.begin;
  if (run.array.null_count() == 0) {
    // An int8 is a number here, no character. NOLINTNEXTLINE(bugprone-signed-char-misuse)
    for (int64_t i = 0; i < run.count; ++i) out[i] = static_cast<Out>(values[i]);
    return;
  }
  const uint8_t* const valid = to.column->valid.data() + to.row;
  for (int64_t i = 0; i < run.count; ++i) {
    out[i] = valid[i] != 0 ? static_cast<Out>(values[i]) : Out{};
  }
}

template <typename Value>
Parsed ToInt64(Value value, int64_t* out) {
  if constexpr (std::is_same_v<Value, uint64_t>) {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Parsed::kOutOfRange;
    }
  }
  // An int8 is a number here, no character. NOLINTNEXTLINE(bugprone-signed-char-misuse)
  *out = static_cast<int64_t>(value);
  return Parsed::kOk;
}

template <typename Array>
void FromIntegers(const Run& run, const Target& to) {
  using Value = typename Array::value_type;
  switch (to.kind) {
    case FieldKind::kFloat32:
      return ConvertEach<Array>(run, to, to.column->doubles.data() + to.row,
                                [](Value v, double* out) {
                                  *out = static_cast<double>(static_cast<float>(v));
                                  return Parsed::kOk;
                                });
    case FieldKind::kFloat64:
      return WidenEach<Array>(run, to, to.column->doubles.data() + to.row);
    case FieldKind::kInt64:
      if constexpr (!std::is_same_v<Value, uint64_t>) {
        return WidenEach<Array>(run, to, to.column->ints.data() + to.row);
      }
      [[fallthrough]];
    default:
      break;
  }
  const TimestampUnit unit = to.spec.unit;
  const FieldKind kind = to.kind;
  ConvertEach<Array>(run, to, to.column->ints.data() + to.row, [=](Value v, int64_t* out) {
    const Parsed parsed = ToInt64(v, out);
    if (parsed != Parsed::kOk) return parsed;
    if (kind == FieldKind::kInt32) return CheckInt32(*out);
    if (kind == FieldKind::kTimestampNumber) return ScaleTimestamp(*out, unit, out);
    return Parsed::kOk;
  });
}

template <typename Array>
void FromFloats(const Run& run, const Target& to) {
  double* const out = to.column->doubles.data() + to.row;
  if (to.kind == FieldKind::kFloat64) return WidenEach<Array>(run, to, out);
  ConvertEach<Array>(run, to, out, [](typename Array::value_type v, double* rounded) {
    *rounded = static_cast<double>(v);
    return RoundToFloat(rounded);
  });
}

void FromBooleans(const Run& run, const Target& to) {
  const auto& array = static_cast<const arrow::BooleanArray&>(run.array);
  int64_t* const out = to.column->ints.data() + to.row;
  for (int64_t i = 0; i < run.count; ++i) {
    out[i] = array.IsValid(run.begin + i) && array.Value(run.begin + i) ? 1 : 0;
  }
}

// A count of `unit` that Arrow knows, whatever unit the column declares for numbers.
template <typename Array>
void FromCounts(const Run& run, const Target& to, int64_t factor) {
  using Value = typename Array::value_type;
  ConvertEach<Array>(run, to, to.column->ints.data() + to.row, [=](Value v, int64_t* out) {
    return __builtin_mul_overflow(static_cast<int64_t>(v), factor, out) ? Parsed::kOutOfRange
                                                                        : Parsed::kOk;
  });
}

void FromTimestamps(const Run& run, const Target& to) {
  switch (static_cast<const arrow::TimestampType&>(*run.array.type()).unit()) {
    case arrow::TimeUnit::SECOND:
      return FromCounts<arrow::TimestampArray>(run, to, 1'000'000);
    case arrow::TimeUnit::MILLI:
      return FromCounts<arrow::TimestampArray>(run, to, 1'000);
    case arrow::TimeUnit::MICRO:
      return WidenEach<arrow::TimestampArray>(run, to, to.column->ints.data() + to.row);
    case arrow::TimeUnit::NANO:
      break;
  }
  ConvertEach<arrow::TimestampArray>(run, to, to.column->ints.data() + to.row,
                                     [](int64_t v, int64_t* out) {
                                       *out = FloorDiv(v, 1'000);
                                       return Parsed::kOk;
                                     });
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & '\x80') == 0; });
}

// One text that lives in the arena, to where the column wants it.
void TakeText(const Target& to, size_t i, std::string_view text, bool is_utf8) {
  if (to.kind == FieldKind::kTimestampText) {
    if (DecodeTimestampText(text, &to.column->ints[to.row + i]) == Parsed::kOk) return;
    to.column->ints[to.row + i] = 0;
    to.Refuse(i, '"' + std::string(text) + '"', Parsed::kMalformed);
  } else if (to.kind == FieldKind::kString && !is_utf8 && !IsUtf8(text)) {
    to.Refuse(i, {}, Parsed::kNotUtf8);
  } else {
    to.column->strings[to.row + i] = text;
  }
}

// All values of the run are copied in one piece.
template <typename Array>
void FromStrings(const Run& run, const Target& to) {
  const auto& array = static_cast<const Array&>(run.array);
  const auto first = array.value_offset(run.begin);
  const auto last = array.value_offset(run.begin + run.count);
  const size_t size = static_cast<size_t>(last - first);
  char* const copy = size == 0 ? nullptr : to.strings->Allocate(size);
  if (size > 0) std::memcpy(copy, array.raw_data() + first, size);
  const bool ascii = IsAscii({copy, size});
  const uint8_t* const valid = to.column->valid.data() + to.row;
  for (int64_t i = 0; i < run.count; ++i) {
    if (valid[i] == 0) continue;
    const auto begin = array.value_offset(run.begin + i) - first;
    const auto length = array.value_length(run.begin + i);
    TakeText(to, static_cast<size_t>(i), {copy + begin, static_cast<size_t>(length)}, ascii);
  }
}

void FromFixedBinary(const Run& run, const Target& to) {
  const auto& array = static_cast<const arrow::FixedSizeBinaryArray&>(run.array);
  for (int64_t i = 0; i < run.count; ++i) {
    if (array.IsNull(run.begin + i)) continue;
    TakeText(to, static_cast<size_t>(i), to.strings->Add(array.GetView(run.begin + i)), false);
  }
}

std::string_view TextAt(const arrow::Array& array, int64_t i) {
  if (array.type_id() == arrow::Type::LARGE_STRING ||
      array.type_id() == arrow::Type::LARGE_BINARY) {
    return static_cast<const arrow::LargeBinaryArray&>(array).GetView(i);
  }
  return static_cast<const arrow::BinaryArray&>(array).GetView(i);
}

void FromDictionary(const Run& run, const Target& to) {
  const auto& array = static_cast<const arrow::DictionaryArray&>(run.array);
  const arrow::Array& words = *array.dictionary();
  for (int64_t i = 0; i < run.count; ++i) {
    if (array.IsNull(run.begin + i)) continue;
    const int64_t word = array.GetValueIndex(run.begin + i);
    if (words.IsNull(word)) {
      to.column->valid[to.row + static_cast<size_t>(i)] = 0;
    } else {
      TakeText(to, static_cast<size_t>(i), to.strings->Add(TextAt(words, word)), false);
    }
  }
}

// By their text: no other type has all of a decimal's digits.
template <typename Array>
void FromDecimals(const Run& run, const Target& to) {
  const auto& array = static_cast<const Array&>(run.array);
  const int scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
  std::string unscaled, text;
  for (int64_t i = 0; i < run.count; ++i) {
    if (array.IsNull(run.begin + i)) continue;
    unscaled = array.GetView(run.begin + i);
    std::reverse(unscaled.begin(), unscaled.end());  // Arrow's least byte is the first
    TypedValue decimal, value;
    Parsed parsed = Parsed::kOutOfRange;
    if (DecimalText(unscaled, scale, &text)) {
      decimal.bytes = text;
      parsed = Convert(ValueKind::kDecimal, to.kind, to.spec.unit, decimal, &value);
    }
    const size_t row = to.row + static_cast<size_t>(i);
    if (parsed != Parsed::kOk) {
      to.Refuse(static_cast<size_t>(i), text, parsed);
    } else if (PhysicalOf(to.spec.type) == Physical::kInt) {
      to.column->ints[row] = value.int_value;
    } else if (PhysicalOf(to.spec.type) == Physical::kDouble) {
      to.column->doubles[row] = value.double_value;
    } else {
      to.column->strings[row] = to.strings->Add(value.bytes);
    }
  }
}

// Arrow knows negative scales, too; Parquet has none.
bool IsDecimal(const arrow::DataType& type) {
  if (type.id() != arrow::Type::DECIMAL128 && type.id() != arrow::Type::DECIMAL256) return false;
  const int scale = static_cast<const arrow::DecimalType&>(type).scale();
  return scale >= 0 && scale <= kMaxDecimalScale;
}

ColumnSpec ElementSpec(const ColumnSpec& list) {
  return {list.name, {list.type.kind, false}, list.unit};
}

template <typename Array>
void FromLists(const Run& run, const Target& to) {
  const auto& array = static_cast<const Array&>(run.array);
  const auto offset = [&](int64_t i) {
    return static_cast<int64_t>(array.value_offset(run.begin + i));
  };
  Column elements;
  elements.type = {to.spec.type.kind, false};
  std::vector<BadCell> bad;
  AppendArrow(*array.values(), offset(0), offset(run.count) - offset(0), ElementSpec(to.spec),
              &elements, to.strings, &bad);
  ListBuilder list(to.spec.type.kind);
  for (int64_t i = 0; i < run.count; ++i) {
    if (array.IsNull(run.begin + i)) continue;
    list.Clear();
    const int64_t last = offset(i) + array.value_length(run.begin + i) - offset(0);
    for (int64_t at = offset(i) - offset(0); at < last; ++at) {
      list.Add(ValueAt(elements, static_cast<size_t>(at)));
    }
    to.column->strings[to.row + static_cast<size_t>(i)] = to.strings->Add(list.Finish());
  }
  size_t next = 0;  // `bad` is in the order of the elements
  for (int64_t i = 0; i < run.count && next < bad.size(); ++i) {
    const size_t last = static_cast<size_t>(offset(i + 1) - offset(0));
    if (bad[next].row >= last) continue;
    if (array.IsValid(run.begin + i)) {
      to.column->strings[to.row + static_cast<size_t>(i)] = {};
      to.Refuse(static_cast<size_t>(i), bad[next].found, bad[next].problem);
    }
    while (next < bad.size() && bad[next].row < last) ++next;
  }
}

bool IsText(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::LARGE_STRING ||
         type.id() == arrow::Type::BINARY || type.id() == arrow::Type::LARGE_BINARY;
}

bool IsTextOrDictionary(const arrow::DataType& type) {
  if (type.id() != arrow::Type::DICTIONARY) return IsText(type);
  return IsText(*static_cast<const arrow::DictionaryType&>(type).value_type());
}

bool IsListType(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST ||
         type.id() == arrow::Type::FIXED_SIZE_LIST;
}

void Append(const Run& run, const Target& to) {
  switch (run.array.type_id()) {
    case arrow::Type::BOOL:
      return FromBooleans(run, to);
    case arrow::Type::INT8:
      return FromIntegers<arrow::Int8Array>(run, to);
    case arrow::Type::INT16:
      return FromIntegers<arrow::Int16Array>(run, to);
    case arrow::Type::INT32:
      return FromIntegers<arrow::Int32Array>(run, to);
    case arrow::Type::INT64:
      return FromIntegers<arrow::Int64Array>(run, to);
    case arrow::Type::UINT8:
      return FromIntegers<arrow::UInt8Array>(run, to);
    case arrow::Type::UINT16:
      return FromIntegers<arrow::UInt16Array>(run, to);
    case arrow::Type::UINT32:
      return FromIntegers<arrow::UInt32Array>(run, to);
    case arrow::Type::UINT64:
      return FromIntegers<arrow::UInt64Array>(run, to);
    case arrow::Type::FLOAT:
      return FromFloats<arrow::FloatArray>(run, to);
    case arrow::Type::DOUBLE:
      return FromFloats<arrow::DoubleArray>(run, to);
    case arrow::Type::TIMESTAMP:
      return FromTimestamps(run, to);
    case arrow::Type::DATE32:
      return FromCounts<arrow::Date32Array>(run, to, kDayUs);
    case arrow::Type::DATE64:
      return FromCounts<arrow::Date64Array>(run, to, 1'000);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return FromStrings<arrow::BinaryArray>(run, to);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return FromStrings<arrow::LargeBinaryArray>(run, to);
    case arrow::Type::FIXED_SIZE_BINARY:
      return FromFixedBinary(run, to);
    case arrow::Type::DICTIONARY:
      return FromDictionary(run, to);
    case arrow::Type::DECIMAL128:
      return FromDecimals<arrow::Decimal128Array>(run, to);
    case arrow::Type::DECIMAL256:
      return FromDecimals<arrow::Decimal256Array>(run, to);
    case arrow::Type::LIST:
      return FromLists<arrow::ListArray>(run, to);
    case arrow::Type::LARGE_LIST:
      return FromLists<arrow::LargeListArray>(run, to);
    case arrow::Type::FIXED_SIZE_LIST:
      return FromLists<arrow::FixedSizeListArray>(run, to);
    default:
      break;  // every row is null: type NA
  }
}

}  // namespace

bool CanReadArrow(const arrow::DataType& type, const ColumnSpec& spec) {
  const arrow::Type::type id = type.id();
  if (id == arrow::Type::NA) return true;
  if (spec.type.is_list) {
    return IsListType(type) && CanReadArrow(*type.field(0)->type(), ElementSpec(spec)) &&
           !IsListType(*type.field(0)->type());
  }
  const bool is_integer = arrow::is_integer(id);
  switch (FieldKindOf(spec)) {
    case FieldKind::kBool:
      return id == arrow::Type::BOOL;
    case FieldKind::kInt32:
    case FieldKind::kInt64:
      return is_integer || IsDecimal(type);
    case FieldKind::kFloat32:
    case FieldKind::kFloat64:
      return is_integer || id == arrow::Type::FLOAT || id == arrow::Type::DOUBLE || IsDecimal(type);
    case FieldKind::kString:
      return IsTextOrDictionary(type) || IsDecimal(type);
    case FieldKind::kBytes:
      return IsTextOrDictionary(type) || id == arrow::Type::FIXED_SIZE_BINARY;
    case FieldKind::kTimestampText:
      if (IsTextOrDictionary(type)) return true;
      break;
    case FieldKind::kTimestampNumber:
      if (is_integer) return true;
      break;
    case FieldKind::kList:
      return false;
  }
  return id == arrow::Type::TIMESTAMP || id == arrow::Type::DATE32 || id == arrow::Type::DATE64;
}

void AppendArrow(const arrow::Array& array, int64_t begin, int64_t count, const ColumnSpec& spec,
                 Column* column, StringArena* strings, std::vector<BadCell>* bad) {
  const Run run{array, begin, count};
  const Target to{spec, FieldKindOf(spec), column, strings, bad, column->size()};
  column->Resize(to.row + static_cast<size_t>(count));
  if (count == 0 || array.type_id() == arrow::Type::NA) return;
  CopyValidity(run, to);
  Append(run, to);
}

}  // namespace skewless
