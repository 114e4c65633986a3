#include "serving/metric_families.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

TEST(MetricFamilies, SeriesAreToldApartByTheirLabels) {
  auto family = LabelledFamily(MetricKind::kGauge, "lag", "Records behind.");
  AddSample(&family, {{"topic", "clicks"}, {"partition", "0"}}, 3);
  AddSample(&family, {{"topic", "clicks"}, {"partition", "1"}}, 4);
  EXPECT_EQ(SerializeMetrics({family}),
            "# HELP lag Records behind.\n# TYPE lag gauge\n"
            "lag{topic=\"clicks\",partition=\"0\"} 3\nlag{topic=\"clicks\",partition=\"1\"} 4\n");
}

TEST(MetricFamilies, AHistogramsBucketsGoUpToItsCount) {
  LatencyHistogram latency;
  latency.Record(30'000'000'000, 2);   // 30 s
  latency.Record(90'000'000'000'000);  // 25 h
  for (const auto range : {LatencyRange::kOperation, LatencyRange::kAge}) {
    auto family = LabelledFamily(MetricKind::kHistogram, "age_seconds", "Ages.");
    AddSample(&family, {{"view", "clicks"}}, latency, range);
    const std::string text = SerializeMetrics({family});
    EXPECT_NE(text.find("age_seconds_bucket{view=\"clicks\",le=\"25\"} 0\n"), std::string::npos);
    EXPECT_NE(text.find("age_seconds_bucket{view=\"clicks\",le=\"50\"} 2\n"), std::string::npos);
    EXPECT_NE(text.find("age_seconds_bucket{view=\"clicks\",le=\"+Inf\"} 3\n"), std::string::npos);
    EXPECT_NE(text.find("age_seconds_sum{view=\"clicks\"} 90060\n"), std::string::npos);
    EXPECT_EQ(text.find("le=\"50000\"") != std::string::npos, range == LatencyRange::kAge);
  }
}

}  // namespace
}  // namespace skewless
