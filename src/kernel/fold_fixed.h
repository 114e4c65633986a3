// Folding one row into the accumulators of a tile whose values have a fixed size. Inline: this is
// the inner loop of the product. Private to this room.
//
// No accumulator asks whether it is empty: each starts at a value that changes no bit of the first
// one folded into it (see kernel_plan.cc).
#pragma once

#include <bit>

#include "kernel/decayed_sum.h"
#include "kernel/fold_row.h"
#include "kernel/fold_variable.h"
#include "kernel/state_access.h"

namespace skewless {

// Inlined with its row in registers: a call would put it in memory for every accumulator to load.
#define SKEWLESS_ALWAYS_INLINE inline __attribute__((always_inline))

inline void AddOne(uint8_t* count) { StoreLe(count, LoadLe<uint64_t>(count) + 1); }

// NaN is greater than every number; 0.0 and -0.0 are equal, and the first one stays.
inline bool ReplacesMin(double x, double least) { return x < least || least != least; }
inline bool ReplacesMax(double x, double greatest) { return x > greatest || x != x; }

// Welford's step; `n` counts the new value.
inline void FoldMoments(uint8_t* at, uint64_t n, double x) {
  double mean = LoadLe<double>(at);
  const double d = x - mean;
  mean += d / static_cast<double>(static_cast<int64_t>(n));
  StoreLe(at, mean);
  StoreLe(at + 8, LoadLe<double>(at + 8) + d * (x - mean));
}

template <unsigned kParts>
void FoldDouble(uint8_t* at, double x) {
  AddOne(at);
  if constexpr ((kParts & kSumPart) != 0)
    StoreLe(at + kPartsAt<false, kParts>.sum, LoadLe<double>(at + kPartsAt<false, kParts>.sum) + x);
  if constexpr ((kParts & kMinPart) != 0) {
    if (ReplacesMin(x, LoadLe<double>(at + kPartsAt<false, kParts>.min)))
      StoreLe(at + kPartsAt<false, kParts>.min, x);
  }
  if constexpr ((kParts & kMaxPart) != 0) {
    if (ReplacesMax(x, LoadLe<double>(at + kPartsAt<false, kParts>.max)))
      StoreLe(at + kPartsAt<false, kParts>.max, x);
  }
  if constexpr ((kParts & kMomentsPart) != 0)
    FoldMoments(at + kPartsAt<false, kParts>.moments, LoadLe<uint64_t>(at), x);
}

template <unsigned kParts>
void FoldInt(uint8_t* at, int64_t x) {
  AddOne(at);
  if constexpr ((kParts & kSumPart) != 0) {
    const auto wide = static_cast<UInt128>(static_cast<Int128>(x));
    StoreLe(at + kPartsAt<true, kParts>.sum,
            LoadLe<UInt128>(at + kPartsAt<true, kParts>.sum) + wide);
  }
  if constexpr ((kParts & kMinPart) != 0) {
    if (x < LoadLe<int64_t>(at + kPartsAt<true, kParts>.min))
      StoreLe(at + kPartsAt<true, kParts>.min, x);
  }
  if constexpr ((kParts & kMaxPart) != 0) {
    if (x > LoadLe<int64_t>(at + kPartsAt<true, kParts>.max))
      StoreLe(at + kPartsAt<true, kParts>.max, x);
  }
  if constexpr ((kParts & kMomentsPart) != 0) {
    FoldMoments(at + kPartsAt<true, kParts>.moments, LoadLe<uint64_t>(at), static_cast<double>(x));
  }
}

#define SKEWLESS_PARTS_0_TO_15(X) \
  X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

// Sequence only ascends while folding: of equal event times the later row is the last one, and the
// stored row the first one.
inline void FoldFirst(const Accumulator& a, uint8_t* payload, const Row& row) {
  const Column& column = row.argument(a.argument);
  const bool valid = column.valid[row.index] != 0;
  if (!valid && !a.respect_nulls) return;
  uint8_t* const at = payload + a.offset;
  const bool present = (LoadFlags(payload, a) & kPresentFlag) != 0;
  if (present && row.event_us >= LoadLe<Timestamp>(at)) return;
  StoreLe(at, row.event_us);
  StoreLe(at + 8, RawValue(column, a.physical, row.index));
  SetFlags(payload, a, valid ? kPresentFlag | kValidFlag : kPresentFlag);
}

inline void FoldLastNull(const Accumulator& a, uint8_t* payload, const Row& row) {
  uint8_t* const at = payload + a.offset;
  if (!a.respect_nulls || row.event_us < LoadLe<Timestamp>(at)) return;
  StoreLe(at, row.event_us);
  SetFlags(payload, a, kPresentFlag);
}

SKEWLESS_ALWAYS_INLINE void FoldLast(const Accumulator& a, uint8_t* payload, const Row& row) {
  const Column& column = row.argument(a.argument);
  if (column.valid[row.index] == 0) return FoldLastNull(a, payload, row);
  uint8_t* const at = payload + a.offset;
  if (row.event_us < LoadLe<Timestamp>(at)) return;
  StoreLe(at, row.event_us);
  StoreLe(at + 8, RawValue(column, a.physical, row.index));
  uint8_t* const flags_at = payload + a.flags_at;
  const auto flags = LoadLe<uint64_t>(flags_at);
  if ((flags & a.flags_mask) != a.flags_mask) StoreLe(flags_at, flags | a.flags_mask);
}

// Folds the row into the first `layout.fixed` accumulators of the tile at `payload`. One jump an
// accumulator, and the same jumps for every event of a view: they are predicted.
SKEWLESS_ALWAYS_INLINE void FoldFixed(const TileLayout& layout, uint8_t* payload, const Row& row) {
  const Accumulator* a = layout.accumulators.data();
  const Accumulator* const lasts = a + layout.lasts;
  const Accumulator* const end = a + layout.fixed;
  for (; a != lasts; ++a) {
    if (row.Passes(a->filter)) FoldLast(*a, payload, row);
  }
  for (; a != end; ++a) {
    if (!row.Passes(a->filter)) continue;
    uint8_t* const at = payload + a->offset;
    if (a->fold_code == kFoldRowCount) {
      AddOne(at);
      continue;
    }
    if (a->fold_code == kFoldFirst || a->fold_code == kFoldExtreme) {
      a->fold_code == kFoldFirst ? FoldFirst(*a, payload, row) : FoldExtreme(*a, payload, row);
      continue;
    }
    const Column& column = row.argument(a->argument);
    if (column.valid[row.index] == 0) continue;
    switch (a->fold_code) {
#define SKEWLESS_FOLD(parts)                          \
  case kFoldDoubles + (parts):                        \
    FoldDouble<parts>(at, column.doubles[row.index]); \
    break;                                            \
  case kFoldInts + (parts):                           \
    FoldInt<parts>(at, column.ints[row.index]);       \
    break;
      SKEWLESS_PARTS_0_TO_15(SKEWLESS_FOLD)
#undef SKEWLESS_FOLD
      case kFoldDecayed:
        FoldDecayed(at, a->half_life_us, row.event_us, column.doubles[row.index]);
        break;
      default:
        AddOne(at);
        break;  // values that are only counted
    }
  }
}

}  // namespace skewless
