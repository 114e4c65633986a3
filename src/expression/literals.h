// Texts inside literals: interval '1 hour', and the types that cast names.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "model/type.h"

namespace skewless {

// "1 hour", "2 days 30 minutes", "-1 second", "5m". Months and years have no fixed length.
Result<DurationUs> ParseInterval(std::string_view text);

// What to write for a type name that is none of ours: "float64" for "double". Empty if unknown.
std::string TypeNameHint(std::string_view lower_case);
// "bool, int32, ...", for errors.
std::string AllTypeNames();

}  // namespace skewless
