// What /metrics tells of each source.
#pragma once

#include "definition/definition.h"
#include "pipeline/engine.h"
#include "serving/metric_families.h"

namespace skewless {

// Of topics: a sample a partition, and the source's errors. Nothing where no source is a topic.
void AddSourceMetrics(const Definition& definition, const Engine& engine, MetricFamilies* families);

}  // namespace skewless
