#include "training/csv_second_look.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "decode/scalar_text.h"

namespace skewless {
namespace {

bool HasNanoseconds(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP &&
         static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::NANO;
}

// Of times with a fraction Arrow makes nanoseconds, whose 64 bits end in 2262, and goes on at 1677:
// whether the texts that it made them of, all of which begin with a year, are between.
bool FitNanoseconds(const arrow::ChunkedArray& texts) {
  constexpr int kFirstYear = 1678, kLastYear = 2261;
  for (const auto& chunk : texts.chunks()) {
    const auto& array = static_cast<const arrow::StringArray&>(*chunk);
    for (int64_t i = 0; i < array.length(); ++i) {
      std::string_view text = array.IsNull(i) ? std::string_view() : array.GetView(i);
      text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
      int year = kFirstYear;  // of one that is no time, but null
      std::from_chars(text.data(), text.data() + text.size(), year);
      if (year < kFirstYear || year > kLastYear) return false;
    }
  }
  return true;
}

// Of whole numbers beyond 64 bits Arrow makes doubles, which have some of their digits.
constexpr double kBeyondInt64 = 9'223'372'036'854'775'808.0;

bool HasHugeNumbers(const arrow::ChunkedArray& column) {
  if (column.type()->id() != arrow::Type::DOUBLE) return false;
  for (const auto& chunk : column.chunks()) {
    const auto& array = static_cast<const arrow::DoubleArray&>(*chunk);
    for (int64_t i = 0; i < array.length(); ++i) {
      if (!array.IsNull(i) && std::abs(array.Value(i)) >= kBeyondInt64) return true;
    }
  }
  return false;
}

bool HasHugeWholeNumbers(const arrow::ChunkedArray& texts) {
  constexpr size_t kDigits = 19;  // that 2^63 has
  for (const auto& chunk : texts.chunks()) {
    const auto& array = static_cast<const arrow::StringArray&>(*chunk);
    for (int64_t i = 0; i < array.length(); ++i) {
      const std::string_view text = array.IsNull(i) ? std::string_view() : array.GetView(i);
      if (text.size() >= kDigits && text.find_first_not_of("+-0123456789") == text.npos)
        return true;
    }
  }
  return false;
}

// Numbers that Arrow has a null among, where the text may have been "NaN".
bool MayHaveNaN(const arrow::ChunkedArray& column) {
  const auto type = column.type()->id();
  return column.null_count() > 0 &&
         (type == arrow::Type::DOUBLE || type == arrow::Type::INT64 || type == arrow::Type::NA);
}

std::vector<int64_t> RowsOfNaN(const arrow::ChunkedArray& texts) {
  std::vector<int64_t> rows;
  int64_t row = 0;
  for (const auto& chunk : texts.chunks()) {
    const auto& array = static_cast<const arrow::StringArray&>(*chunk);
    for (int64_t i = 0; i < array.length(); ++i, ++row) {
      double number = 0;
      if (!array.IsNull(i) && DecodeDouble(array.GetView(i), &number) == Parsed::kOk &&
          std::isnan(number))
        rows.push_back(row);
    }
  }
  return rows;
}

// `column` as doubles, with NaN in these rows.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> WithNaN(
    const std::shared_ptr<arrow::ChunkedArray>& column, const std::vector<int64_t>& rows) {
  ARROW_ASSIGN_OR_RAISE(
      const arrow::Datum doubles,
      arrow::compute::Cast(column, arrow::compute::CastOptions::Unsafe(arrow::float64())));
  arrow::DoubleBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(column->length()));
  auto nan = rows.begin();
  int64_t row = 0;
  for (const auto& chunk : doubles.chunked_array()->chunks()) {
    const auto& array = static_cast<const arrow::DoubleArray&>(*chunk);
    for (int64_t i = 0; i < array.length(); ++i, ++row) {
      if (nan != rows.end() && *nan == row) {
        builder.UnsafeAppend(std::numeric_limits<double>::quiet_NaN());
        ++nan;
      } else if (array.IsNull(i)) {
        builder.UnsafeAppendNull();
      } else {
        builder.UnsafeAppend(array.Value(i));
      }
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto array, builder.Finish());
  return std::make_shared<arrow::ChunkedArray>(array);
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::ChunkedArray>> SecondLook::Decide(
    const std::shared_ptr<arrow::ChunkedArray>& guessed,
    const std::shared_ptr<arrow::ChunkedArray>& texts) const {
  switch (as) {
    case As::kText:
      return texts;
    case As::kNanoseconds:
      return FitNanoseconds(*texts) ? guessed : texts;
    case As::kDoubles:
      return HasHugeWholeNumbers(*texts) ? texts : guessed;
    case As::kNumbersWithNaN:
      break;
  }
  if (HasHugeWholeNumbers(*texts)) return texts;
  const std::vector<int64_t> rows = RowsOfNaN(*texts);
  if (!rows.empty()) return WithNaN(guessed, rows);
  return guessed->type()->id() == arrow::Type::NA ? texts : guessed;
}

std::vector<SecondLook> SecondLooks(const arrow::Table& table, const CsvText& text) {
  const auto is_among = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<SecondLook> looks;
  for (int i = 0; i < table.num_columns(); ++i) {
    const arrow::Field& field = *table.field(i);
    const arrow::ChunkedArray& column = *table.column(i);
    const auto type = field.type()->id();
    if (is_among(text.columns, field.name())) {
      looks.push_back({i, SecondLook::As::kText});
    } else if (is_among(text.floats, field.name()) && MayHaveNaN(column)) {
      looks.push_back({i, SecondLook::As::kNumbersWithNaN});
    } else if (type == arrow::Type::STRING || type == arrow::Type::NA) {
      looks.push_back({i, SecondLook::As::kText});
    } else if (HasNanoseconds(*field.type())) {
      looks.push_back({i, SecondLook::As::kNanoseconds});
    } else if (HasHugeNumbers(column)) {
      looks.push_back({i, SecondLook::As::kDoubles});
    }
  }
  return looks;
}

}  // namespace skewless
