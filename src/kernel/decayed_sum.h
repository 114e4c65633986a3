// sum_decayed(x, half_life): each x weighs half as much for every half-life that has passed since
// its event. Kept as the sum at a reference time, the latest event's; forward decay after Cormode,
// Shkapenyuk, Srivastava and Xu (2009). Private to this room.
#pragma once

#include <cmath>

#include "base/time.h"
#include "kernel/state_access.h"

namespace skewless {

struct DecayedSum {
  uint64_t count = 0;
  double sum = 0;
  Timestamp reference_us = 0;
};
static_assert(sizeof(DecayedSum) == 24);

// What is left of 1 after `age_us`; 1 for an event that is still to come.
inline double DecayOver(DurationUs age_us, DurationUs half_life_us) {
  if (age_us <= 0) return 1;
  return std::exp2(-(static_cast<double>(age_us) / static_cast<double>(half_life_us)));
}

// Takes `other`, later in the order of folding or of tiles, into `sum`.
inline void MergeDecayed(const DecayedSum& other, DurationUs half_life_us, DecayedSum* sum) {
  if (other.count == 0) return;
  if (sum->count == 0) {
    *sum = other;
    return;
  }
  const DurationUs ahead = SaturatingSub(other.reference_us, sum->reference_us);
  if (ahead > 0) {
    sum->sum = sum->sum * DecayOver(ahead, half_life_us) + other.sum;
    sum->reference_us = other.reference_us;
  } else {
    const DurationUs behind = SaturatingSub(sum->reference_us, other.reference_us);
    sum->sum = sum->sum + other.sum * DecayOver(behind, half_life_us);
  }
  sum->count += other.count;
}

inline void FoldDecayed(uint8_t* at, DurationUs half_life_us, Timestamp event_us, double x) {
  auto sum = LoadLe<DecayedSum>(at);
  MergeDecayed(DecayedSum{1, x, event_us}, half_life_us, &sum);
  StoreLe(at, sum);
}

// As it stands at `t`.
inline double DecayedSumAt(const DecayedSum& sum, DurationUs half_life_us, Timestamp t) {
  return sum.sum * DecayOver(SaturatingSub(t, sum.reference_us), half_life_us);
}

}  // namespace skewless
