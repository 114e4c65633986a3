// "view" and "view:output", as services, requests and command lines name features.
#pragma once

#include <string_view>
#include <vector>

#include "definition/definition.h"

namespace skewless {

// All outputs of a view, or the one named. Errors stand relative to the text.
ExpressionResult<std::vector<FeatureReference>> ResolveViewReference(const Definition& definition,
                                                                     std::string_view text);

}  // namespace skewless
