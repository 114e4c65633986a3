// Latencies from 1 ns to 78 hours in logarithmic buckets of at most 6.25 % width (as HdrHistogram
// does): a histogram that any thread records into and reads, without locks; and counts of one
// thread, without atomics, for what is measured once a record and added a batch at a time.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace skewless {

namespace latency {
inline constexpr int kSubBits = 4;
inline constexpr int kBits = 48;  // longer ones are in the last bucket
inline constexpr size_t kBuckets = (kBits - kSubBits + 1) << kSubBits;

inline uint64_t Clamp(int64_t nanos) { return nanos > 0 ? static_cast<uint64_t>(nanos) : 0; }
inline size_t BucketOf(uint64_t value) {
  if (value < (1u << kSubBits)) return value;
  const int exponent = std::bit_width(value) - 1 - kSubBits;
  const size_t bucket = (static_cast<size_t>(exponent + 1) << kSubBits) +
                        ((value >> exponent) & ((1u << kSubBits) - 1));
  return bucket < kBuckets ? bucket : kBuckets - 1;
}
inline int64_t UpperEdge(size_t bucket) {
  if (bucket < (1u << kSubBits)) return static_cast<int64_t>(bucket);
  const int exponent = static_cast<int>(bucket >> kSubBits) - 1;
  const int64_t mantissa =
      static_cast<int64_t>((bucket & ((1u << kSubBits) - 1)) | (1u << kSubBits));
  return ((mantissa + 1) << exponent) - 1;
}
// The upper edge of the bucket that holds the quantile; 0 where all counts are 0.
inline int64_t QuantileOf(const std::array<int64_t, kBuckets>& counts, double quantile) {
  int64_t total = 0;
  for (const int64_t count : counts) total += count;
  if (total == 0) return 0;
  int64_t left = static_cast<int64_t>(quantile * static_cast<double>(total - 1)) + 1;
  size_t i = 0;
  while ((left -= counts[i]) > 0) ++i;
  return UpperEdge(i);
}
}  // namespace latency

class LatencyHistogram {
 public:
  using Counts = std::array<int64_t, latency::kBuckets>;
  void Record(int64_t nanos, int64_t times = 1) {
    const uint64_t value = latency::Clamp(nanos);
    Add(latency::BucketOf(value), times, static_cast<double>(value) * static_cast<double>(times));
  }
  // What a LatencyCounts brings.
  void Add(size_t bucket, int64_t times, double sum_nanos) {
    buckets_[bucket].fetch_add(times, std::memory_order_relaxed);
    sum_.fetch_add(sum_nanos, std::memory_order_relaxed);
  }
  int64_t count() const {
    int64_t total = 0;
    for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
    return total;
  }
  double sum_nanos() const { return sum_.load(std::memory_order_relaxed); }
  // By bucket, as they stand now.
  Counts counts() const {
    Counts counts;
    for (size_t i = 0; i < counts.size(); ++i)
      counts[i] = buckets_[i].load(std::memory_order_relaxed);
    return counts;
  }
  // The upper edge of the bucket that holds the quantile; 0 where nothing was recorded.
  int64_t QuantileNanos(double quantile) const { return latency::QuantileOf(counts(), quantile); }
  // How many are at or below `nanos` (to a bucket's width): for Prometheus buckets.
  int64_t CountAtMost(int64_t nanos) const {
    int64_t total = 0;
    for (size_t i = 0; i < buckets_.size() && latency::UpperEdge(i) <= nanos; ++i)
      total += buckets_[i].load(std::memory_order_relaxed);
    return total;
  }

 private:
  std::array<std::atomic<int64_t>, latency::kBuckets> buckets_{};
  std::atomic<double> sum_{0};  // decades, recorded often, leave an int64
};

class LatencyCounts {
 public:
  void Record(int64_t nanos, int64_t times = 1) {
    const uint64_t value = latency::Clamp(nanos);
    const size_t bucket = latency::BucketOf(value);
    counts_[bucket] += times;
    first_ = std::min(first_, bucket);
    last_ = std::max(last_, bucket);
    sum_ += static_cast<double>(value) * static_cast<double>(times);
  }
  // Adds all of it to `histogram` and begins anew.
  void MoveTo(LatencyHistogram* histogram) {
    for (size_t i = first_; i <= last_; ++i) {
      if (counts_[i] == 0) continue;
      histogram->Add(i, counts_[i], i == last_ ? sum_ : 0);
      counts_[i] = 0;
    }
    first_ = latency::kBuckets;
    last_ = 0;
    sum_ = 0;
  }

 private:
  std::array<int64_t, latency::kBuckets> counts_{};
  size_t first_ = latency::kBuckets, last_ = 0;  // the buckets in use
  double sum_ = 0;
};

}  // namespace skewless
