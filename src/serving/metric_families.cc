#include "serving/metric_families.h"

#include <prometheus/text_serializer.h>

#include <limits>

#include "base/check.h"

namespace skewless {
namespace {

prometheus::MetricType TypeOf(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case MetricKind::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::kHistogram:
      break;
  }
  return prometheus::MetricType::Histogram;
}

prometheus::ClientMetric& NewSeries(prometheus::MetricFamily* family, const MetricLabels& labels) {
  prometheus::ClientMetric& metric = family->metric.emplace_back();
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

}  // namespace

prometheus::MetricFamily LabelledFamily(MetricKind kind, std::string name, std::string help) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = TypeOf(kind);
  return family;
}

void AddSample(prometheus::MetricFamily* family, const MetricLabels& labels, double value) {
  prometheus::ClientMetric& metric = NewSeries(family, labels);
  if (family->type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    SKEWLESS_CHECK(family->type == prometheus::MetricType::Gauge);
    metric.gauge.value = value;
  }
}

void AddSample(prometheus::MetricFamily* family, const MetricLabels& labels,
               const LatencyHistogram& latency, LatencyRange range) {
  SKEWLESS_CHECK(family->type == prometheus::MetricType::Histogram);
  auto& histogram = NewSeries(family, labels).histogram;
  const bool operation = range == LatencyRange::kOperation;
  const int64_t first = operation ? 1000 : 100'000;
  const int64_t last = operation ? 10'000'000'000 : 10'000'000'000'000;
  // From whole nanoseconds, so that the bounds read 1e-05 and not 9.999999999999999e-06.
  for (int64_t decade = first; decade <= last; decade *= 10) {
    for (const int64_t edge : {decade, decade / 2 * 5, decade * 5}) {
      histogram.bucket.push_back(
          {static_cast<uint64_t>(latency.CountAtMost(edge)), static_cast<double>(edge) / 1e9});
    }
  }
  const auto count = static_cast<uint64_t>(latency.count());
  histogram.bucket.push_back({count, std::numeric_limits<double>::infinity()});
  histogram.sample_count = count;
  histogram.sample_sum = latency.sum_nanos() / 1e9;
}

prometheus::MetricFamily CounterFamily(std::string name, std::string help, double value) {
  auto family = LabelledFamily(MetricKind::kCounter, std::move(name), std::move(help));
  AddSample(&family, {}, value);
  return family;
}

prometheus::MetricFamily GaugeFamily(std::string name, std::string help, double value) {
  auto family = LabelledFamily(MetricKind::kGauge, std::move(name), std::move(help));
  AddSample(&family, {}, value);
  return family;
}

prometheus::MetricFamily HistogramFamily(std::string name, std::string help,
                                         const LatencyHistogram& latency) {
  auto family = LabelledFamily(MetricKind::kHistogram, std::move(name), std::move(help));
  AddSample(&family, {}, latency);
  return family;
}

std::string SerializeMetrics(const MetricFamilies& families) {
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace skewless
