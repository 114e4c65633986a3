// Parquet files: only the declared columns are read, a row group at a time.
#pragma once

#include <memory>
#include <string>

#include "decode/record_reader.h"

namespace skewless {

// A declared column that the file lacks, or holds as a type that cannot be read as the declared
// one, is an error. Records are rows; the text of a bad one is its declared columns as JSON.
Result<std::unique_ptr<RecordReader>> OpenParquet(const std::string& path,
                                                  const DecodeOptions& options);

}  // namespace skewless
