// The plan of a repository for people and for scripts: what `skewless check` prints. Bytes an
// entity takes are the kernel's to tell, and added by the caller.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "definition/definition.h"

namespace skewless {

// `columns`: of a line, where long ones are to be folded, each below its own last column; 0: a row
// is a line.
std::string DescribeDefinition(const Definition& definition, size_t columns = 0);
nlohmann::json DescribeDefinitionJson(const Definition& definition);

// Tiles that the window of a feature has; 0 for all time and for exact windows, which have one a
// microsecond that saw an event.
int64_t TilesOf(const FeatureDefinition& feature);

}  // namespace skewless
