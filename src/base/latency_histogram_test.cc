#include "base/latency_histogram.h"

#include <gtest/gtest.h>

#include <random>

namespace skewless {
namespace {

constexpr double kQuantiles[] = {0, 0.01, 0.5, 0.9, 0.99, 1};

TEST(LatencyHistogram, EveryValueIsInABucketThatEndsAtMostASixteenthAboveIt) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t value = (random() >> (random() % 63)) & ((uint64_t{1} << latency::kBits) - 1);
    const int64_t edge = latency::UpperEdge(latency::BucketOf(value));
    EXPECT_GE(edge, static_cast<int64_t>(value));
    EXPECT_LE(edge, static_cast<int64_t>(value + value / 16));
  }
}

TEST(LatencyHistogram, WhatLeavesItsRangeIsInTheLastBucket) {
  LatencyHistogram histogram;
  histogram.Record(INT64_MAX);
  EXPECT_EQ(histogram.QuantileNanos(0.5), (int64_t{1} << latency::kBits) - 1);
  histogram.Record(-5);
  EXPECT_EQ(histogram.QuantileNanos(0), 0);
}

TEST(LatencyHistogram, TheSumHoldsYearsOfMillionsOfRecords) {
  LatencyHistogram histogram;
  constexpr int64_t kDecade = int64_t{10} * 365 * 86'400 * 1'000'000'000;
  histogram.Record(kDecade, 1'000'000);
  EXPECT_DOUBLE_EQ(histogram.sum_nanos(), static_cast<double>(kDecade) * 1e6);
}

TEST(LatencyCounts, MovedTheyAreTheSameHistogram) {
  std::mt19937_64 random(2);
  LatencyHistogram direct, moved;
  LatencyCounts counts;
  for (int batch = 0; batch < 20; ++batch) {
    for (int i = 0; i < batch * 10; ++i) {
      const auto nanos = static_cast<int64_t>(random() >> (16 + random() % 40));
      const auto times = static_cast<int64_t>(random() % 3) + 1;
      direct.Record(nanos, times);
      counts.Record(nanos, times);
    }
    counts.MoveTo(&moved);
  }
  counts.MoveTo(&moved);  // nothing is left to be moved twice
  EXPECT_EQ(moved.count(), direct.count());
  EXPECT_NEAR(moved.sum_nanos(), direct.sum_nanos(), direct.sum_nanos() * 1e-12);
  for (const double quantile : kQuantiles)
    EXPECT_EQ(moved.QuantileNanos(quantile), direct.QuantileNanos(quantile));
}

}  // namespace
}  // namespace skewless
