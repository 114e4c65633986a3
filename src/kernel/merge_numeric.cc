#include "kernel/merge_numeric.h"

#include <cmath>
#include <limits>

#include "kernel/fold_fixed.h"

namespace skewless {
namespace {

// Chan's merge; both sides have values.
struct Moments {
  double n = 0, mean = 0, m2 = 0;

  void Add(double other_n, double other_mean, double other_m2) {
    if (other_n == 0) return;
    if (n == 0) {
      *this = {other_n, other_mean, other_m2};
      return;
    }
    const double total = n + other_n;
    const double d = other_mean - mean;
    mean = mean + d * other_n / total;
    m2 = m2 + other_m2 + d * d * n * other_n / total;
    n = total;
  }
};

double CountAsDouble(uint64_t count) { return static_cast<double>(static_cast<int64_t>(count)); }

// One pass over the tiles: the sum's chain of additions hides the other parts. The starting values
// are those of an empty tile, so no tile is asked whether it is empty.
template <unsigned kParts>
MergedNumeric MergeDoubles(uint32_t offset, const TileRange& tiles) {
  uint64_t count = 0;
  double sum = -0.0;
  double least = std::numeric_limits<double>::quiet_NaN();
  double greatest = -std::numeric_limits<double>::infinity();
  Moments moments;
  tiles.ForEach([&](const uint8_t* payload) {
    const uint8_t* at = payload + offset;
    const auto tile_count = LoadLe<uint64_t>(at);
    count += tile_count;
    if constexpr ((kParts & kSumPart) != 0) sum += LoadLe<double>(at + kPartsAt<false, kParts>.sum);
    if constexpr ((kParts & kMinPart) != 0) {
      const auto x = LoadLe<double>(at + kPartsAt<false, kParts>.min);
      if (ReplacesMin(x, least)) least = x;
    }
    if constexpr ((kParts & kMaxPart) != 0) {
      const auto x = LoadLe<double>(at + kPartsAt<false, kParts>.max);
      if (ReplacesMax(x, greatest)) greatest = x;
    }
    if constexpr ((kParts & kMomentsPart) != 0) {
      moments.Add(CountAsDouble(tile_count), LoadLe<double>(at + kPartsAt<false, kParts>.moments),
                  LoadLe<double>(at + kPartsAt<false, kParts>.moments + 8));
    }
  });
  MergedNumeric merged;
  merged.count = count;
  merged.double_sum = sum;
  merged.double_min = least;
  merged.double_max = greatest;
  merged.mean = moments.mean;
  merged.m2 = moments.m2;
  return merged;
}

template <unsigned kParts>
MergedNumeric MergeInts(uint32_t offset, const TileRange& tiles) {
  uint64_t count = 0;
  UInt128 sum = 0;
  int64_t least = std::numeric_limits<int64_t>::max();
  int64_t greatest = std::numeric_limits<int64_t>::min();
  Moments moments;
  tiles.ForEach([&](const uint8_t* payload) {
    const uint8_t* at = payload + offset;
    const auto tile_count = LoadLe<uint64_t>(at);
    count += tile_count;
    if constexpr ((kParts & kSumPart) != 0) sum += LoadLe<UInt128>(at + kPartsAt<true, kParts>.sum);
    if constexpr ((kParts & kMinPart) != 0)
      least = std::min(least, LoadLe<int64_t>(at + kPartsAt<true, kParts>.min));
    if constexpr ((kParts & kMaxPart) != 0) {
      greatest = std::max(greatest, LoadLe<int64_t>(at + kPartsAt<true, kParts>.max));
    }
    if constexpr ((kParts & kMomentsPart) != 0) {
      moments.Add(CountAsDouble(tile_count), LoadLe<double>(at + kPartsAt<true, kParts>.moments),
                  LoadLe<double>(at + kPartsAt<true, kParts>.moments + 8));
    }
  });
  MergedNumeric merged;
  merged.count = count;
  merged.int_sum = sum;
  merged.int_min = least;
  merged.int_max = greatest;
  merged.mean = moments.mean;
  merged.m2 = moments.m2;
  return merged;
}

void SetInt(int64_t value, ValueView* out) {
  out->valid = true;
  out->int_value = value;
}

void FinishSum(bool is_int, const MergedNumeric& merged, int64_t* overflow, ValueView* out) {
  if (!is_int) return SetDouble(merged.double_sum, out);
  const auto sum = static_cast<Int128>(merged.int_sum);
  if (sum < std::numeric_limits<int64_t>::min() || sum > std::numeric_limits<int64_t>::max()) {
    ++*overflow;
    return;
  }
  SetInt(static_cast<int64_t>(sum), out);
}

void FinishVariance(const MergedNumeric& merged, bool sample, bool root, ValueView* out) {
  if (sample && merged.count < 2) return;
  const double divisor = CountAsDouble(merged.count) - (sample ? 1.0 : 0.0);
  const double variance = merged.m2 / divisor;
  SetDouble(root ? std::sqrt(variance) : variance, out);
}

}  // namespace

MergedNumeric MergeNumeric(const Accumulator& a, const TileRange& tiles) {
  if (a.kind == AccumulatorKind::kNumericDouble) {
    switch (a.parts) {
#define SKEWLESS_MERGE(parts_value) \
  case parts_value:                 \
    return MergeDoubles<parts_value>(a.offset, tiles);
      SKEWLESS_PARTS_0_TO_15(SKEWLESS_MERGE)
#undef SKEWLESS_MERGE
      default:
        return {};
    }
  }
  switch (a.parts) {
#define SKEWLESS_MERGE(parts_value) \
  case parts_value:                 \
    return MergeInts<parts_value>(a.offset, tiles);
    SKEWLESS_PARTS_0_TO_15(SKEWLESS_MERGE)
#undef SKEWLESS_MERGE
    default:
      return {};
  }
}

uint64_t MergeCount(const Accumulator& a, const TileRange& tiles) {
  uint64_t count = 0;
  tiles.ForEach([&](const uint8_t* payload) { count += LoadLe<uint64_t>(payload + a.offset); });
  return count;
}

void SetDouble(double value, ValueView* out) {
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  if (out->type.kind == TypeKind::kFloat32) value = static_cast<double>(static_cast<float>(value));
  out->valid = true;
  out->double_value = value;
}

void FinishNumeric(const Accumulator& a, const MergedNumeric& merged, AggregateKind aggregate,
                   int64_t* overflow, ValueView* out) {
  const bool is_int = a.kind == AccumulatorKind::kNumericInt;
  if (aggregate == AggregateKind::kCount) return SetInt(static_cast<int64_t>(merged.count), out);
  if (merged.count == 0) return;
  switch (aggregate) {
    case AggregateKind::kSum:
      return FinishSum(is_int, merged, overflow, out);
    case AggregateKind::kAvg: {
      const double sum =
          is_int ? static_cast<double>(static_cast<Int128>(merged.int_sum)) : merged.double_sum;
      return SetDouble(sum / CountAsDouble(merged.count), out);
    }
    case AggregateKind::kMin:
    case AggregateKind::kBoolAnd:
      return is_int ? SetInt(merged.int_min, out) : SetDouble(merged.double_min, out);
    case AggregateKind::kMax:
    case AggregateKind::kBoolOr:
      return is_int ? SetInt(merged.int_max, out) : SetDouble(merged.double_max, out);
    case AggregateKind::kVarPop:
      return FinishVariance(merged, false, false, out);
    case AggregateKind::kVarSamp:
      return FinishVariance(merged, true, false, out);
    case AggregateKind::kStddevPop:
      return FinishVariance(merged, false, true, out);
    default:
      return FinishVariance(merged, true, true, out);
  }
}

}  // namespace skewless
