// Latencies from 1 ns to hours in logarithmic buckets of at most 6.25 % width (as HdrHistogram
// does), lock-free to record and to read.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace skewless {

class LatencyHistogram {
 public:
  void Record(int64_t nanos, int64_t times = 1) {
    const uint64_t value = nanos > 0 ? static_cast<uint64_t>(nanos) : 0;
    buckets_[BucketOf(value)].fetch_add(times, std::memory_order_relaxed);
    sum_.fetch_add(static_cast<int64_t>(value) * times, std::memory_order_relaxed);
  }
  int64_t count() const {
    int64_t total = 0;
    for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
    return total;
  }
  int64_t sum_nanos() const { return sum_.load(std::memory_order_relaxed); }
  // The upper edge of the bucket that holds the quantile; 0 where nothing was recorded.
  int64_t QuantileNanos(double quantile) const {
    const int64_t total = count();
    if (total == 0) return 0;
    int64_t left = static_cast<int64_t>(quantile * static_cast<double>(total - 1)) + 1;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      left -= buckets_[i].load(std::memory_order_relaxed);
      if (left <= 0) return UpperEdge(i);
    }
    return UpperEdge(buckets_.size() - 1);
  }
  // How many are at or below `nanos` (to a bucket's width): for Prometheus buckets.
  int64_t CountAtMost(int64_t nanos) const {
    int64_t total = 0;
    for (size_t i = 0; i < buckets_.size() && UpperEdge(i) <= nanos; ++i)
      total += buckets_[i].load(std::memory_order_relaxed);
    return total;
  }

 private:
  static constexpr int kSubBits = 4;
  static constexpr size_t kBuckets = (48 - kSubBits + 1) << kSubBits;
  static size_t BucketOf(uint64_t value) {
    if (value < (1u << kSubBits)) return value;
    const int exponent = std::bit_width(value) - 1 - kSubBits;
    const size_t bucket = (static_cast<size_t>(exponent + 1) << kSubBits) +
                          ((value >> exponent) & ((1u << kSubBits) - 1));
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }
  static int64_t UpperEdge(size_t bucket) {
    if (bucket < (1u << kSubBits)) return static_cast<int64_t>(bucket);
    const int exponent = static_cast<int>(bucket >> kSubBits) - 1;
    const int64_t mantissa =
        static_cast<int64_t>((bucket & ((1u << kSubBits) - 1)) | (1u << kSubBits));
    return ((mantissa + 1) << exponent) - 1;
  }
  std::array<std::atomic<int64_t>, kBuckets> buckets_{};
  std::atomic<int64_t> sum_{0};
};

}  // namespace skewless
