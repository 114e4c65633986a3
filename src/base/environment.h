// Secrets that a definition names and the environment holds.
#pragma once

#include <string>

#include "base/result.h"

namespace skewless {

// What the variable `name` holds. One that isn't set, or is empty, is kInvalid; the error says that
// `key` of the definition names it, and that it should hold `what`.
Result<std::string> EnvironmentVariable(const std::string& name, const std::string& key,
                                        const std::string& what);

}  // namespace skewless
