// Columns of a table file as ours. Errors name the file, the column and the row.
#pragma once

#include <arrow/status.h>
#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "model/column.h"

namespace skewless {

tl::unexpected<Error> FailArrow(const std::string& path, const arrow::Status& status);
// "path: column 'name', row 3": rows from 1, a CSV's header not counted.
std::string AtRow(const std::string& path, const std::string& column, int64_t row);

// A column's times: timestamps of any unit, dates, RFC 3339 text, whole microseconds. Nulls stay
// null. `*any_number`: whether whole numbers were among them, be they written as text.
Status ReadTimes(const std::string& path, const std::string& name,
                 const std::shared_ptr<arrow::ChunkedArray>& column, Column* out,
                 bool* any_number = nullptr);
// A column as `type`. Nulls stay null.
Result<Column> ConvertColumn(const std::string& path, const std::string& name,
                             const std::shared_ptr<arrow::ChunkedArray>& column, Type type,
                             StringArena* arena);

}  // namespace skewless
