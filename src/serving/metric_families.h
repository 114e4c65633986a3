// Metric families from counters that are kept without locks.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

#include "base/latency_histogram.h"

namespace skewless {

using MetricFamilies = std::vector<prometheus::MetricFamily>;
using MetricLabels = std::vector<std::pair<std::string, std::string>>;  // name, value

prometheus::MetricFamily CounterFamily(std::string name, std::string help, double value);
prometheus::MetricFamily GaugeFamily(std::string name, std::string help, double value);
// Buckets from 1 us to 50 s; `name` in seconds.
prometheus::MetricFamily HistogramFamily(std::string name, std::string help,
                                         const LatencyHistogram& latency);

// Of many series, told apart by labels: a family without any, and then each one.
enum class MetricKind { kCounter, kGauge, kHistogram };
prometheus::MetricFamily LabelledFamily(MetricKind kind, std::string name, std::string help);
void AddSample(prometheus::MetricFamily* family, const MetricLabels& labels, double value);
enum class LatencyRange {
  kOperation,  // 1 us to 50 s
  kAge,        // 100 us to 50,000 s: from an event's own time
};
void AddSample(prometheus::MetricFamily* family, const MetricLabels& labels,
               const LatencyHistogram& latency, LatencyRange range = LatencyRange::kOperation);

std::string SerializeMetrics(const MetricFamilies& families);  // Prometheus' text format

}  // namespace skewless
