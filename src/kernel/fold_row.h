// One row of a view's input, as the accumulators see it. Private to this room.
#pragma once

#include <bit>

#include "kernel/state_access.h"
#include "kernel/view_kernel.h"

namespace skewless {

struct Row {
  const ViewInput& input;
  size_t index;
  Timestamp event_us;

  bool Passes(int32_t filter) const {
    return filter < 0 || input.filters[static_cast<size_t>(filter)][index] != 0;
  }
  const Column& argument(int32_t i) const { return *input.arguments[static_cast<size_t>(i)]; }
};

// The eight bytes that stand for a value of a fixed size.
inline uint64_t RawValue(const Column& column, Physical physical, size_t row) {
  return physical == Physical::kDouble ? std::bit_cast<uint64_t>(column.doubles[row])
                                       : static_cast<uint64_t>(column.ints[row]);
}

inline void SetFlags(uint8_t* payload, const Accumulator& a, uint64_t flags) {
  const auto word = LoadLe<uint64_t>(payload + a.flags_at);
  StoreLe(payload + a.flags_at, (word & ~(uint64_t{3} << a.flags_shift)) | flags << a.flags_shift);
}

}  // namespace skewless
