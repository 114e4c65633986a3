// Whether sources as they are declared now can be read from what was logged before.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "log/log.h"

namespace skewless {

// The source of that name, or -1.
int FindSource(const std::vector<LoggedSource>& sources, std::string_view name);

// Columns may come and go, but one that is in both must have the same type: kInvalid names it.
// `path` is the segment that was written with `logged`.
Status CheckReadable(const LoggedSource& logged, const LoggedSource& wanted,
                     const std::string& path);

}  // namespace skewless
