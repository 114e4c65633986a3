#include "kernel/scan_at_once.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>

#include "kernel/fold_fixed.h"

namespace skewless {
namespace {

// One read alone.
MergedNumeric ScanOne(const RecordOrder& order, const Stretch& in, Timestamp t) {
  MergedNumeric merged;
  merged.double_min = std::numeric_limits<double>::quiet_NaN();
  merged.double_max = -std::numeric_limits<double>::infinity();
  for (size_t i = in.begin; i < in.end; ++i) {
    if (order.available_us[i] > t) continue;
    const double x = order.doubles[i];
    ++merged.count;
    merged.double_sum += x;
    if (ReplacesMin(x, merged.double_min)) merged.double_min = x;
    if (ReplacesMax(x, merged.double_max)) merged.double_max = x;
  }
  return merged;
}

// One NaN: which of two an addition passes on is the compiler's choice.
uint64_t Bits(double x) {
  return std::bit_cast<uint64_t>(x != x ? std::numeric_limits<double>::quiet_NaN() : x);
}

class ScanAtOnceTest : public ::testing::Test {
 protected:
  int64_t Below(size_t n) { return static_cast<int64_t>(random_() % n); }
  void Fill(size_t records, size_t numbers) {
    constexpr double kNumbers[] = {0.1,
                                   -0.0,
                                   0.0,
                                   1e300,
                                   -1e300,
                                   3.7,
                                   -2.25,
                                   std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::quiet_NaN()};
    order_ = {};
    for (size_t i = 0; i < records; ++i) {
      order_.row.push_back(static_cast<uint32_t>(i));
      order_.tile.push_back(static_cast<int64_t>(i));
      order_.available_us.push_back(Below(10) == 0 ? kMaxTimestamp : Below(records));
      order_.doubles.push_back(kNumbers[static_cast<size_t>(Below(numbers))]);
    }
  }
  ReadsAtOnce Reads() {
    ReadsAtOnce reads;
    reads.count = static_cast<size_t>(Below(kReadsAtOnce)) + 1;
    Stretch stretch;
    for (size_t i = 0; i < reads.count; ++i) {
      stretch.begin += static_cast<size_t>(Below(order_.size() - stretch.begin + 1)) / 4;
      stretch.end = std::max(stretch.end, stretch.begin);
      stretch.end += static_cast<size_t>(Below(order_.size() - stretch.end + 1));
      reads.stretch[i] = stretch;
      reads.t[i] = i == 7 ? kMaxTimestamp : Below(order_.size() + 1);
    }
    return reads;
  }
  void Compare(ScanAtOnce scan, const ReadsAtOnce& reads, unsigned parts) {
    MergedNumeric merged[kReadsAtOnce];
    scan(order_, reads, parts, merged);
    for (size_t i = 0; i < reads.count; ++i) {
      const MergedNumeric one = ScanOne(order_, reads.stretch[i], reads.t[i]);
      ASSERT_EQ(merged[i].count, one.count);
      if (parts == 0) continue;
      ASSERT_EQ(Bits(merged[i].double_sum), Bits(one.double_sum));
      if (one.count == 0) continue;
      if ((parts & kMinPart) != 0) {
        ASSERT_EQ(Bits(merged[i].double_min), Bits(one.double_min));
      }
      if ((parts & kMaxPart) != 0) {
        ASSERT_EQ(Bits(merged[i].double_max), Bits(one.double_max));
      }
    }
  }

  std::mt19937_64 random_{17};
  RecordOrder order_;
};

TEST_F(ScanAtOnceTest, GivesWhatEachReadAloneGives) {
  for (int round = 0; round < 2000; ++round) {
    // Without infinities and NaN, with the former, with both.
    Fill(static_cast<size_t>(Below(60)) + 1, static_cast<size_t>(7 + round % 3));
    const ReadsAtOnce reads = Reads();
    const unsigned parts[] = {0u, kSumPart, kSumPart | kMinPart, kSumPart | kMaxPart,
                              kSumPart | kMinPart | kMaxPart};
    for (const ScanAtOnce scan : AllScansAtOnce()) {
      for (const unsigned wanted : parts) ASSERT_NO_FATAL_FAILURE(Compare(scan, reads, wanted));
    }
  }
}

}  // namespace
}  // namespace skewless
