// Cuts a failing case down while it still fails.
#pragma once

#include <functional>

#include "property/compiled_case.h"
#include "property/paths.h"

namespace skewless::property {

using Path = std::function<Finding(const CompiledCase&)>;

// The smallest case found within `trials` runs of the path.
Case Shrink(Case failing, const Path& path, int trials);

}  // namespace skewless::property
