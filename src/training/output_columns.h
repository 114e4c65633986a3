// A training set's columns as Arrow has them, in pieces: one Arrow array holds at most 2 GiB of
// text, or 2^31 elements of lists.
#pragma once

#include <arrow/result.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "model/column.h"

namespace skewless {

// Of lists as they are held, or of text as it is written: what lists become is a few times longer.
constexpr int64_t kOutputPieceBytes = 64 << 20;

// A feature's values; as_text: lists become JSON text, for CSV, which has none. The column outlives
// what is made, which may lie where the column does.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> FeatureColumn(
    const Column& column, bool as_text, int64_t piece_bytes = kOutputPieceBytes);

// Timestamps of any unit as RFC 3339, for CSV: Arrow's own writer has a blank in place of the T.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> TimesAsText(
    const arrow::ChunkedArray& times, int64_t piece_bytes = kOutputPieceBytes);

}  // namespace skewless
