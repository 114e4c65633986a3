// The plan of a repository for people and for scripts: what `skewless check` prints. Bytes an
// entity takes are the kernel's to tell, and added by the caller.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "definition/definition.h"

namespace skewless {

std::string DescribeDefinition(const Definition& definition);
nlohmann::json DescribeDefinitionJson(const Definition& definition);

// Tiles that the window of a feature has; 0 for all time and for exact windows, which have one a
// microsecond that saw an event.
int64_t TilesOf(const FeatureDefinition& feature);

}  // namespace skewless
