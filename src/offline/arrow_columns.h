// Columns as Arrow arrays, for every table that leaves us. int32 stays int32, timestamps are
// microseconds in UTC, lists are lists.
#pragma once

#include <arrow/result.h>
#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <span>

#include "model/column.h"

namespace skewless {

std::shared_ptr<arrow::DataType> ArrowType(Type type);

// All rows, or the rows of `order` in that order.
arrow::Result<std::shared_ptr<arrow::Array>> ArrowArray(
    const Column& column, std::optional<std::span<const uint32_t>> order = std::nullopt);

// All rows, without a copy where Arrow lays them out as the column does: the column outlives the
// array.
arrow::Result<std::shared_ptr<arrow::Array>> ArrowView(const Column& column);

}  // namespace skewless
