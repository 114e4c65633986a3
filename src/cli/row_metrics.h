// The metrics of a store elsewhere: what the engine writes to it, and what waits.
#pragma once

#include "pipeline/engine.h"
#include "serving/metric_families.h"

namespace skewless {

// Nothing where the online store is the embedded one.
void AddRowMetrics(const Engine& engine, MetricFamilies* families);

}  // namespace skewless
