#include "training/output_columns.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <numeric>
#include <vector>

#include "model/value_text.h"
#include "offline/arrow_columns.h"

namespace skewless {
namespace {

// Text of one value after the other, in as many arrays as it takes.
class TextPieces {
 public:
  explicit TextPieces(int64_t piece_bytes) : piece_bytes_(piece_bytes) {}

  arrow::Status AppendNull() { return builder_.AppendNull(); }
  arrow::Status Append(std::string_view text) {
    ARROW_RETURN_NOT_OK(builder_.Append(text));
    return builder_.value_data_length() < piece_bytes_ ? arrow::Status::OK() : EndPiece();
  }
  arrow::Result<std::shared_ptr<arrow::ChunkedArray>> Finish() {
    ARROW_RETURN_NOT_OK(EndPiece());
    return arrow::ChunkedArray::Make(std::move(pieces_), arrow::utf8());
  }

 private:
  arrow::Status EndPiece() {
    ARROW_ASSIGN_OR_RAISE(pieces_.emplace_back(), builder_.Finish());
    return arrow::Status::OK();
  }

  const int64_t piece_bytes_;
  arrow::StringBuilder builder_;
  arrow::ArrayVector pieces_;
};

arrow::Result<std::shared_ptr<arrow::ChunkedArray>> ListsAsText(const Column& column,
                                                                int64_t piece_bytes) {
  TextPieces pieces(piece_bytes);
  std::string text;
  for (size_t row = 0; row < column.size(); ++row) {
    text.clear();
    AppendListText(text, ValueAt(column, row));
    ARROW_RETURN_NOT_OK(column.valid[row] != 0 ? pieces.Append(text) : pieces.AppendNull());
  }
  return pieces.Finish();
}

// Of text, bytes and lists.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> InPieces(const Column& column,
                                                             int64_t piece_bytes) {
  arrow::ArrayVector pieces;
  std::vector<uint32_t> rows;
  for (size_t begin = 0; begin < column.size();) {
    size_t end = begin;
    for (int64_t bytes = 0; end < column.size() && bytes < piece_bytes; ++end)
      bytes += static_cast<int64_t>(column.strings[end].size());
    rows.resize(end - begin);
    std::iota(rows.begin(), rows.end(), static_cast<uint32_t>(begin));
    ARROW_ASSIGN_OR_RAISE(pieces.emplace_back(), ArrowArray(column, rows));
    begin = end;
  }
  return arrow::ChunkedArray::Make(std::move(pieces), ArrowType(column.type));
}

// A time of that many ticks, as text that keeps every digit. Times without a zone are UTC, as
// everywhere.
std::string TimeText(int64_t ticks, arrow::TimeUnit::type unit) {
  if (unit == arrow::TimeUnit::MICRO) return FormatTimestamp(ticks);
  if (unit == arrow::TimeUnit::NANO && ticks % 1000 != 0) {
    const std::string seconds = FormatTimestamp(FloorDiv(ticks, 1'000'000'000) * kSecondUs);
    const int64_t nanos = ticks - FloorDiv(ticks, 1'000'000'000) * 1'000'000'000;
    return fmt::format("{}.{:09}Z", seconds.substr(0, seconds.size() - 1), nanos);
  }
  const TimestampUnit as = unit == arrow::TimeUnit::SECOND  ? TimestampUnit::kSeconds
                           : unit == arrow::TimeUnit::MILLI ? TimestampUnit::kMillis
                                                            : TimestampUnit::kNanos;
  const auto time = TimestampFromNumber(ticks, as);
  return time ? FormatTimestamp(*time) : std::to_string(ticks);
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::ChunkedArray>> FeatureColumn(const Column& column,
                                                                  bool as_text,
                                                                  int64_t piece_bytes) {
  if (column.type.is_list && as_text) return ListsAsText(column, piece_bytes);
  if (column.physical() == Physical::kBytes) return InPieces(column, piece_bytes);
  ARROW_ASSIGN_OR_RAISE(auto array, ArrowView(column));
  return std::make_shared<arrow::ChunkedArray>(std::move(array));
}

arrow::Result<std::shared_ptr<arrow::ChunkedArray>> TimesAsText(const arrow::ChunkedArray& times,
                                                                int64_t piece_bytes) {
  const auto unit = static_cast<const arrow::TimestampType&>(*times.type()).unit();
  TextPieces pieces(piece_bytes);
  for (const auto& chunk : times.chunks()) {
    const auto& array = static_cast<const arrow::TimestampArray&>(*chunk);
    for (int64_t i = 0; i < array.length(); ++i) {
      ARROW_RETURN_NOT_OK(array.IsNull(i) ? pieces.AppendNull()
                                          : pieces.Append(TimeText(array.Value(i), unit)));
    }
  }
  return pieces.Finish();
}

}  // namespace skewless
