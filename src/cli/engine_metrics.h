// What /metrics says of a running engine; docs/reference/http.md lists it.
#pragma once

#include "definition/definition.h"
#include "pipeline/engine.h"
#include "serving/metric_families.h"

namespace skewless {

MetricFamilies EngineMetrics(const Definition& definition, const Engine& engine);

}  // namespace skewless
