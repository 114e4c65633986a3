// Files of comma-separated values.
#pragma once

#include <memory>
#include <string>

#include "decode/record_reader.h"

namespace skewless {

struct CsvOptions {
  char delimiter = ',';
  std::string null_text;  // an unquoted field of this text is null; so is an empty unquoted one
  bool header = true;     // without one, the fields are the schema's columns in its order
};

// Reads the header too: a declared column that it lacks is an error. A file without any text has no
// records.
Result<std::unique_ptr<RecordReader>> OpenCsv(FileSystem& files, const std::string& path,
                                              const DecodeOptions& options, const CsvOptions& csv);

// The same of a stream; `name` stands for the path in errors.
Result<std::unique_ptr<RecordReader>> ReadCsv(std::unique_ptr<ByteStream> stream,
                                              const std::string& name, const DecodeOptions& options,
                                              const CsvOptions& csv);

}  // namespace skewless
