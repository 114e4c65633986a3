// Whose records a log holds: by the names that sources had when they were written.
#pragma once

#include <map>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace skewless {

// How many records of each source there are, by the heads of frames alone. Sources without a record
// are left out.
Result<std::map<std::string, int64_t>> RecordsBySource(FileSystem& files,
                                                       const std::string& directory);

}  // namespace skewless
