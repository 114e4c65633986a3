// Where a Parquet file holds a column, among its fields or within one.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "model/schema.h"

namespace arrow {
class Array;
}
namespace parquet::arrow {
struct SchemaField;
struct SchemaManifest;
}  // namespace parquet::arrow

namespace skewless {

struct ParquetField {
  size_t outermost = 0;  // of the file's fields, the one that it is or lies in
  const parquet::arrow::SchemaField* field = nullptr;
};

// Fails, naming the file `path`, where it has no such field, or one that can't be read as the
// column.
Result<ParquetField> FindParquetField(const parquet::arrow::SchemaManifest& file,
                                      const std::string& path, const ColumnSpec& spec);

// The column's values, null where a struct around them is, from those of the outermost field.
Result<std::shared_ptr<arrow::Array>> ValuesOfField(std::shared_ptr<arrow::Array> outermost,
                                                    const ColumnSpec& spec);

}  // namespace skewless
