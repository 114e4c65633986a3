#include "serving/metric_families.h"

#include <prometheus/text_serializer.h>

#include <limits>

namespace skewless {
namespace {

prometheus::MetricFamily Family(std::string name, std::string help, prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  family.metric.resize(1);
  return family;
}

}  // namespace

prometheus::MetricFamily CounterFamily(std::string name, std::string help, double value) {
  auto family = Family(std::move(name), std::move(help), prometheus::MetricType::Counter);
  family.metric[0].counter.value = value;
  return family;
}

prometheus::MetricFamily GaugeFamily(std::string name, std::string help, double value) {
  auto family = Family(std::move(name), std::move(help), prometheus::MetricType::Gauge);
  family.metric[0].gauge.value = value;
  return family;
}

prometheus::MetricFamily HistogramFamily(std::string name, std::string help,
                                         const LatencyHistogram& latency) {
  auto family = Family(std::move(name), std::move(help), prometheus::MetricType::Histogram);
  auto& histogram = family.metric[0].histogram;
  // From whole nanoseconds, so that the bounds read 1e-05 and not 9.999999999999999e-06.
  for (int64_t decade = 1000; decade <= 10'000'000'000; decade *= 10) {
    for (const int64_t edge : {decade, decade / 2 * 5, decade * 5}) {
      histogram.bucket.push_back(
          {static_cast<uint64_t>(latency.CountAtMost(edge)), static_cast<double>(edge) / 1e9});
    }
  }
  const auto count = static_cast<uint64_t>(latency.count());
  histogram.bucket.push_back({count, std::numeric_limits<double>::infinity()});
  histogram.sample_count = count;
  histogram.sample_sum = static_cast<double>(latency.sum_nanos()) / 1e9;
  return family;
}

std::string SerializeMetrics(const MetricFamilies& families) {
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace skewless
