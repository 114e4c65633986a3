// One row of a view's input, as the accumulators see it. Private to this room.
#pragma once

#include <bit>

#include "kernel/state_access.h"
#include "kernel/view_kernel.h"

namespace skewless {

// The pointers are copies, so that no store into a state makes the compiler load them again.
struct Row {
  Row(const ViewInput& input, size_t row)
      : arguments(input.arguments.data()),
        filters(input.filters.data()),
        index(row),
        event_us(input.event_us[row]) {}

  const Column* const* arguments;
  const uint8_t* const* filters;
  size_t index;
  Timestamp event_us;

  bool Passes(int32_t filter) const { return filter < 0 || filters[filter][index] != 0; }
  const Column& argument(int32_t i) const { return *arguments[i]; }
};

// The eight bytes that stand for a value of a fixed size.
inline uint64_t RawValue(const Column& column, Physical physical, size_t row) {
  return physical == Physical::kDouble ? std::bit_cast<uint64_t>(column.doubles[row])
                                       : static_cast<uint64_t>(column.ints[row]);
}

// Accumulators share flag words, so a word is only written where it changes: else each of them
// would wait for the store of the one before.
inline void SetFlags(uint8_t* payload, const Accumulator& a, uint64_t flags) {
  const auto word = LoadLe<uint64_t>(payload + a.flags_at);
  const uint64_t changed = (word & ~(uint64_t{3} << a.flags_shift)) | flags << a.flags_shift;
  if (changed != word) StoreLe(payload + a.flags_at, changed);
}

}  // namespace skewless
