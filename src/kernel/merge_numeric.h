// Merging the numeric accumulators of a window's tiles, oldest first, and finishing an aggregate
// from the result. Private to this room.
#pragma once

#include "kernel/tile_range.h"

namespace skewless {

struct MergedNumeric {
  uint64_t count = 0;
  double double_sum = -0.0;
  UInt128 int_sum = 0;
  double double_min = 0, double_max = 0;  // meaningless where count is 0, as all below
  int64_t int_min = 0, int_max = 0;
  double mean = 0, m2 = 0;
};

// Only the accumulator's parts are filled in.
MergedNumeric MergeNumeric(const Accumulator& a, const TileRange& tiles);
uint64_t MergeCount(const Accumulator& a, const TileRange& tiles);

// Sets `out`, whose type is set; `overflow` is raised where a sum leaves int64.
void FinishNumeric(const Accumulator& a, const MergedNumeric& merged, AggregateKind aggregate,
                   int64_t* overflow, ValueView* out);

// Every double that leaves the kernel: one NaN, and a float32 is one.
void SetDouble(double value, ValueView* out);

}  // namespace skewless
