// Columns of types that Arrow keeps beside what holds their values: UUIDs and JSON, as DuckDB
// writes them to Parquet.
#pragma once

#include <arrow/result.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

namespace skewless {

bool IsUuid(const arrow::DataType& type);

// The values as what holds them: a UUID as its 16 bytes, JSON as text. Of other types the column
// itself.
std::shared_ptr<arrow::ChunkedArray> WithoutExtension(
    const std::shared_ptr<arrow::ChunkedArray>& column);

// UUIDs as everybody writes them: "0190163d-8694-739b-aea5-966c26f8ad91".
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> UuidsAsText(const arrow::ChunkedArray& uuids);

}  // namespace skewless
