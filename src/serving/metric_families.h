// Metric families from counters that are kept without locks.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "base/latency_histogram.h"

namespace skewless {

using MetricFamilies = std::vector<prometheus::MetricFamily>;

prometheus::MetricFamily CounterFamily(std::string name, std::string help, double value);
prometheus::MetricFamily GaugeFamily(std::string name, std::string help, double value);
// Buckets from 1 us to 10 s; `name` in seconds.
prometheus::MetricFamily HistogramFamily(std::string name, std::string help,
                                         const LatencyHistogram& latency);
std::string SerializeMetrics(const MetricFamilies& families);  // Prometheus' text format

}  // namespace skewless
