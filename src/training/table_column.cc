#include "training/table_column.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/number_text.h"
#include "decode/scalar_text.h"
#include "model/list.h"
#include "model/value_text.h"
#include "training/extension_column.h"

namespace skewless {
namespace {

constexpr std::string_view kMendValue = "Mend the value, or leave it empty for null.";

// Where values stand, for errors: in rows of their own, or in the lists of rows.
struct Cells {
  const std::string& path;
  const std::string& name;
  const arrow::ListArray* lists = nullptr;
  int64_t first_row = 0;  // of the lists

  std::string At(int64_t value) const {
    int64_t row = value;
    if (lists != nullptr) {
      row = 0;
      while (row + 1 < lists->length() && lists->value_offset(row + 1) <= value) ++row;
    }
    return AtRow(path, name, first_row + row);
  }
};

Result<Column> Convert(const Cells& cells, const std::shared_ptr<arrow::ChunkedArray>& column,
                       Type type, StringArena* arena);

// Text as RFC 3339, numbers as microseconds, timestamps of any unit.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> Cast(
    const std::shared_ptr<arrow::ChunkedArray>& column,
    const std::shared_ptr<arrow::DataType>& type) {
  if (column->type()->Equals(type)) return column;
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(type);
  options.allow_time_truncate = true;
  ARROW_ASSIGN_OR_RAISE(auto cast, arrow::compute::Cast(column, type, options));
  return cast.chunked_array();
}

template <typename Array>
Status ForEachValue(const arrow::ChunkedArray& column,
                    const std::function<Status(const Array&, int64_t, int64_t)>& take) {
  int64_t row = 0;
  for (const auto& chunk : column.chunks()) {
    const auto& array = static_cast<const Array&>(*chunk);
    for (int64_t i = 0; i < array.length(); ++i, ++row)
      SKEWLESS_RETURN_IF_ERROR(take(array, i, row));
  }
  return {};
}

// A timestamp's number as microseconds; finer ones are floored, as everywhere.
Result<Timestamp> TimeOfTicks(int64_t ticks, arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return TimestampFromNumber(ticks, TimestampUnit::kSeconds);
    case arrow::TimeUnit::MILLI:
      return TimestampFromNumber(ticks, TimestampUnit::kMillis);
    case arrow::TimeUnit::MICRO:
      return ticks;
    case arrow::TimeUnit::NANO:
      return TimestampFromNumber(ticks, TimestampUnit::kNanos);
  }
  return ticks;
}

// Arrow says that some value can't be taken, but not where: the first one is found by halves.
int64_t FirstMisfit(const std::shared_ptr<arrow::ChunkedArray>& column,
                    const std::shared_ptr<arrow::DataType>& type) {
  int64_t fits = 0,
          ends = column->length();  // rows before `fits` do, and one before `ends` doesn't
  while (ends - fits > 1) {
    const int64_t middle = fits + (ends - fits) / 2;
    (Cast(column->Slice(fits, middle - fits), type).ok() ? fits : ends) = middle;
  }
  return fits;
}

tl::unexpected<Error> FailCast(const Cells& cells,
                               const std::shared_ptr<arrow::ChunkedArray>& column,
                               const std::shared_ptr<arrow::DataType>& type, Type wanted) {
  if (!arrow::compute::CanCast(*column->type(), *type)) {
    return Fail(ErrorCode::kInvalid,
                cells.path + ": column '" + cells.name + "' is " +
                    (cells.lists == nullptr ? "" : "a list of ") + column->type()->ToString() +
                    ", not " + TypeName(wanted),
                "Give it as the definition has it, or as text.");
  }
  const int64_t row = FirstMisfit(column, type);
  const auto value = column->GetScalar(row);
  const std::string found = value.ok() ? "'" + (*value)->ToString() + "'" : "a value";
  return Fail(ErrorCode::kInvalid, cells.At(row) + ": " + found + " is no " + TypeName(wanted),
              std::string(kMendValue));
}

// Beyond `bits` a floating-point number may be another one's neighbour: what pandas makes of a
// column of large integers with a null in it names other entities.
tl::unexpected<Error> FailDigits(const Cells& cells, int64_t row, double number,
                                 const std::string& type, int bits) {
  std::string found;
  AppendDouble(found, number);
  return Fail(ErrorCode::kInvalid,
              cells.At(row) + ": " + found + " may have lost digits: a " + type +
                  " tells whole numbers apart below 2^" + std::to_string(bits),
              "Write the column as integers (pandas: astype('Int64'), which has nulls) or text.");
}

template <typename Array>
Status CheckDigits(const Cells& cells, const arrow::ChunkedArray& column) {
  using Number = typename Array::value_type;
  constexpr int kDigits = std::numeric_limits<Number>::digits;
  constexpr auto kMostExact = static_cast<Number>(int64_t{1} << kDigits);
  return ForEachValue<Array>(column, [&](const Array& array, int64_t i, int64_t row) -> Status {
    const Number number = array.Value(i);
    if (array.IsNull(i) || !std::isfinite(number) || std::abs(number) < kMostExact) return {};
    return FailDigits(cells, row, static_cast<double>(number), column.type()->ToString(), kDigits);
  });
}

template <typename Array, typename Append>
Status AppendAll(const arrow::ChunkedArray& column, Column* out, Append append) {
  return ForEachValue<Array>(column, [&](const Array& array, int64_t i, int64_t) -> Status {
    if (array.IsNull(i)) {
      out->AppendNull();
    } else {
      append(array, i);
    }
    return {};
  });
}

template <typename Array, typename Append>
Status Fill(const Cells& cells, const std::shared_ptr<arrow::ChunkedArray>& column,
            const std::shared_ptr<arrow::DataType>& type, Column* out, Append append) {
  const auto cast = Cast(column, type);
  if (!cast.ok()) return FailCast(cells, column, type, out->type);
  return AppendAll<Array>(**cast, out, append);
}

bool IsText(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::LARGE_STRING;
}

// "7" for "7.0" and "7e0", as pandas writes whole numbers with a null among them. Other text stays.
Result<std::string> WithoutFraction(const Cells& cells, int64_t row, std::string_view text) {
  constexpr int kDigits = std::numeric_limits<double>::digits;
  double number = 0;
  if (text.find_first_of(".eE") == std::string_view::npos ||
      DecodeDouble(text, &number) != Parsed::kOk || std::trunc(number) != number)
    return std::string(text);
  if (std::abs(number) >= static_cast<double>(int64_t{1} << kDigits))
    return FailDigits(cells, row, number, "double", kDigits);
  return std::to_string(static_cast<int64_t>(number));
}

Result<std::shared_ptr<arrow::ChunkedArray>> WithoutFractions(
    const Cells& cells, const std::shared_ptr<arrow::ChunkedArray>& column) {
  const auto texts = Cast(column, arrow::large_utf8());
  if (!texts.ok()) return FailArrow(cells.path, texts.status());
  arrow::LargeStringBuilder integers;
  const Status read = ForEachValue<arrow::LargeStringArray>(
      **texts, [&](const auto& array, int64_t i, int64_t row) -> Status {
        arrow::Status added;
        if (array.IsNull(i)) {
          added = integers.AppendNull();
        } else {
          SKEWLESS_ASSIGN_OR_RETURN(const std::string text,
                                    WithoutFraction(cells, row, array.GetView(i)));
          added = integers.Append(text);
        }
        return added.ok() ? Status{} : FailArrow(cells.path, added);
      });
  if (!read) return tl::unexpected<Error>(read.error());
  const auto array = integers.Finish();
  if (!array.ok()) return FailArrow(cells.path, array.status());
  return std::make_shared<arrow::ChunkedArray>(*array);
}

// Integers of a column of any type.
template <typename Array>
Status FillInts(const Cells& cells, const std::shared_ptr<arrow::ChunkedArray>& column,
                const std::shared_ptr<arrow::DataType>& type, Column* out) {
  if (column->type()->id() == arrow::Type::DOUBLE)
    SKEWLESS_RETURN_IF_ERROR(CheckDigits<arrow::DoubleArray>(cells, *column));
  if (column->type()->id() == arrow::Type::FLOAT)
    SKEWLESS_RETURN_IF_ERROR(CheckDigits<arrow::FloatArray>(cells, *column));
  const auto append = [&](const auto& array, int64_t i) { out->AppendInt(array.Value(i)); };
  if (!IsText(*column->type())) return Fill<Array>(cells, column, type, out, append);
  if (const auto cast = Cast(column, type); cast.ok()) return AppendAll<Array>(**cast, out, append);
  SKEWLESS_ASSIGN_OR_RETURN(const auto integers, WithoutFractions(cells, column));
  return Fill<Array>(cells, integers, type, out, append);
}

// As in a request: Arrow would make an infinity of what is too large.
Status FillFloatsOfText(const Cells& cells, const std::shared_ptr<arrow::ChunkedArray>& column,
                        Column* out) {
  const auto text = Cast(column, arrow::large_utf8());
  if (!text.ok()) return FailArrow(cells.path, text.status());
  return ForEachValue<arrow::LargeStringArray>(
      **text, [&](const auto& array, int64_t i, int64_t row) -> Status {
        if (array.IsNull(i)) return out->AppendNull(), Status{};
        const auto number = ParseValue(array.GetView(i), out->type);
        if (!number) {
          return Fail(ErrorCode::kInvalid,
                      cells.At(row) + ": '" + array.GetString(i) + "' is no " + TypeName(out->type),
                      std::string(kMendValue));
        }
        out->AppendDouble(number->double_value);
        return {};
      });
}

// By way of the double, as requests and sources do it, so that all agree on the bits.
Status FillFloats(const Cells& cells, const std::shared_ptr<arrow::ChunkedArray>& column,
                  Column* out) {
  if (IsText(*column->type())) return FillFloatsOfText(cells, column, out);
  auto cast = Cast(column, arrow::float64());
  if (!cast.ok()) return FailCast(cells, column, arrow::float64(), out->type);
  const bool narrow = out->type.kind == TypeKind::kFloat32;
  return ForEachValue<arrow::DoubleArray>(
      **cast, [&](const auto& array, int64_t i, int64_t row) -> Status {
        if (array.IsNull(i)) return out->AppendNull(), Status{};
        double number = array.Value(i);
        if (narrow && RoundToFloat(&number) != Parsed::kOk) {
          std::string found;
          AppendDouble(found, number);
          return Fail(ErrorCode::kInvalid,
                      cells.At(row) + ": " + found + " is no float32 (up to 3.4e38)",
                      std::string(kMendValue));
        }
        out->AppendDouble(number);
        return {};
      });
}

// A CSV has lists as JSON text.
Result<Column> ConvertListText(const Cells& cells,
                               const std::shared_ptr<arrow::ChunkedArray>& column, Type type,
                               StringArena* arena) {
  Column out;
  out.type = type;
  const Status read = ForEachValue<arrow::StringArray>(
      *column, [&](const auto& array, int64_t i, int64_t row) -> Status {
        if (array.IsNull(i)) return out.AppendNull(), Status{};
        const auto list = ParseValue(array.GetView(i), type);
        if (!list) return Fail(ErrorCode::kInvalid, cells.At(row) + ": " + list.error().message);
        out.AppendString(arena->Add(list->bytes));
        return {};
      });
  if (!read) return tl::unexpected<Error>(read.error());
  return out;
}

// Whatever widths their offsets have; of nulls alone a column has no type.
std::shared_ptr<arrow::ChunkedArray> AsLists(const std::shared_ptr<arrow::ChunkedArray>& column) {
  const arrow::DataType& type = *column->type();
  const bool is_null = type.id() == arrow::Type::NA;
  if (!is_null && !arrow::is_list_like(type.id())) return nullptr;
  const auto item = is_null ? arrow::null() : type.field(0)->type();
  return Cast(column, arrow::list(item)).ValueOr(nullptr);
}

// Lists are held as their encoding.
Result<Column> ConvertLists(const Cells& cells, const std::shared_ptr<arrow::ChunkedArray>& column,
                            Type type, StringArena* arena) {
  if (column->type()->id() == arrow::Type::STRING)
    return ConvertListText(cells, column, type, arena);
  const auto as_lists = AsLists(column);
  if (as_lists == nullptr) {
    return Fail(ErrorCode::kInvalid,
                cells.path + ": column '" + cells.name + "' is " + column->type()->ToString() +
                    ", not a list",
                "Give a list of " + TypeName({type.kind, false}) + ".");
  }
  Column out;
  out.type = type;
  ListBuilder builder(type.kind);
  for (const auto& chunk : as_lists->chunks()) {
    const auto& lists = static_cast<const arrow::ListArray&>(*chunk);
    const Cells inside{cells.path, cells.name, &lists, static_cast<int64_t>(out.size())};
    SKEWLESS_ASSIGN_OR_RETURN(const Column items,
                              Convert(inside, std::make_shared<arrow::ChunkedArray>(lists.values()),
                                      {type.kind, false}, arena));
    for (int64_t i = 0; i < lists.length(); ++i) {
      if (lists.IsNull(i)) {
        out.AppendNull();
        continue;
      }
      builder.Clear();
      for (int64_t item = lists.value_offset(i); item < lists.value_offset(i + 1); ++item) {
        builder.Add(ValueAt(items, static_cast<size_t>(item)));
      }
      out.AppendString(arena->Add(builder.Finish()));
    }
  }
  return out;
}

Status TakeTimes(const Cells& cells, std::shared_ptr<arrow::ChunkedArray> column, Column* out,
                 bool* any_number) {
  const auto note_number = [&] {
    if (any_number != nullptr) *any_number = true;
  };
  const auto at_row = [&](int64_t row, const Error& error) {
    return Fail(error.code, cells.At(row) + ": " + error.message, error.remedy);
  };
  if (column->type()->id() == arrow::Type::DICTIONARY) {
    auto values =
        Cast(column, static_cast<const arrow::DictionaryType&>(*column->type()).value_type());
    if (!values.ok()) return FailArrow(cells.path, values.status());
    column = *values;
  }
  const auto id = column->type()->id();
  if (IsText(*column->type())) {
    auto text = Cast(column, arrow::large_utf8());
    if (!text.ok()) return FailArrow(cells.path, text.status());
    return ForEachValue<arrow::LargeStringArray>(
        **text, [&](const auto& array, int64_t i, int64_t row) -> Status {
          if (array.IsNull(i)) return out->AppendNull(), Status{};
          auto time = ParseTimestamp(array.GetView(i));
          // A CSV whose columns are kept as text may hold whole microseconds.
          if (const auto number = ParseInt64(array.GetView(i)); !time && number) {
            time = *number;
            note_number();
          }
          if (!time) return at_row(row, time.error());
          out->AppendInt(*time);
          return {};
        });
  }
  if (id != arrow::Type::TIMESTAMP && id != arrow::Type::INT64 && id != arrow::Type::DATE32) {
    return Fail(ErrorCode::kInvalid,
                cells.path + ": column '" + cells.name + "' is " + column->type()->ToString() +
                    ", not a time",
                "Give a timestamp, RFC 3339 text, or int64 microseconds since 1970.");
  }
  if (id == arrow::Type::INT64) note_number();
  auto unit = arrow::TimeUnit::MICRO;
  if (id == arrow::Type::TIMESTAMP)
    unit = static_cast<const arrow::TimestampType&>(*column->type()).unit();
  if (id == arrow::Type::DATE32) {
    auto dates = Cast(column, arrow::timestamp(arrow::TimeUnit::MICRO));
    if (!dates.ok()) return FailArrow(cells.path, dates.status());
    column = *dates;
  }
  // A timestamp array holds int64 as an int64 array does; whatever its time zone, they are UTC.
  int64_t row = 0;
  for (const auto& chunk : column->chunks()) {
    const auto ticks = chunk->data()->Copy();
    ticks->type = arrow::int64();
    const arrow::Int64Array array(ticks);
    for (int64_t i = 0; i < array.length(); ++i, ++row) {
      if (array.IsNull(i)) {
        out->AppendNull();
        continue;
      }
      auto time = TimeOfTicks(array.Value(i), unit);
      if (!time) return at_row(row, time.error());
      out->AppendInt(*time);
    }
  }
  return {};
}

Result<Column> Convert(const Cells& cells, const std::shared_ptr<arrow::ChunkedArray>& given,
                       Type type, StringArena* arena) {
  auto column = WithoutExtension(given);
  if (IsUuid(*given->type()) && type.kind == TypeKind::kString && !type.is_list) {
    auto text = UuidsAsText(*given);
    if (!text.ok()) return FailArrow(cells.path, text.status());
    column = *text;
  }
  if (type.is_list) return ConvertLists(cells, column, type, arena);
  Column out;
  out.type = type;
  Status filled;
  switch (type.kind) {
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      filled = FillFloats(cells, column, &out);
      break;
    case TypeKind::kString:
    case TypeKind::kBytes:
      filled = Fill<arrow::LargeBinaryArray>(
          cells, column, arrow::large_binary(), &out,
          [&](const auto& array, int64_t i) { out.AppendString(arena->Add(array.GetView(i))); });
      break;
    case TypeKind::kTimestamp:
      filled = TakeTimes(cells, column, &out, nullptr);
      break;
    case TypeKind::kBool:
      filled = Fill<arrow::BooleanArray>(
          cells, column, arrow::boolean(), &out,
          [&](const auto& array, int64_t i) { out.AppendInt(array.Value(i) ? 1 : 0); });
      break;
    case TypeKind::kInt32:
      filled = FillInts<arrow::Int32Array>(cells, column, arrow::int32(), &out);
      break;
    case TypeKind::kInt64:
      filled = FillInts<arrow::Int64Array>(cells, column, arrow::int64(), &out);
      break;
  }
  if (!filled) return tl::unexpected<Error>(filled.error());
  return out;
}

}  // namespace

tl::unexpected<Error> FailArrow(const std::string& path, const arrow::Status& status) {
  const ErrorCode code = status.IsIOError() ? ErrorCode::kIo : ErrorCode::kInvalid;
  return Fail(code, path + ": " + status.message());
}

std::string AtRow(const std::string& path, const std::string& column, int64_t row) {
  return path + ": column '" + column + "', row " + std::to_string(row + 1);
}

Status ReadTimes(const std::string& path, const std::string& name,
                 const std::shared_ptr<arrow::ChunkedArray>& column, Column* out,
                 bool* any_number) {
  return TakeTimes({path, name}, column, out, any_number);
}

Result<Column> ConvertColumn(const std::string& path, const std::string& name,
                             const std::shared_ptr<arrow::ChunkedArray>& column, Type type,
                             StringArena* arena) {
  return Convert({path, name}, column, type, arena);
}

}  // namespace skewless
