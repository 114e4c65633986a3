// Files with a JSON object a line. Blank lines are passed over and are no records.
#pragma once

#include <memory>
#include <string>

#include "decode/record_reader.h"

namespace skewless {

Result<std::unique_ptr<RecordReader>> OpenJsonLines(FileSystem& files, const std::string& path,
                                                    const DecodeOptions& options);

// The same of a stream; `name` stands for the path in errors.
std::unique_ptr<RecordReader> ReadJsonLines(std::unique_ptr<ByteStream> stream,
                                            const std::string& name, const DecodeOptions& options);

}  // namespace skewless
