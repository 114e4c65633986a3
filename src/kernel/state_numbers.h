// A state as plain numbers, for a store that keeps each of them on its own and adds to it: of views
// whose accumulators are counts, sums of integers, and least and greatest integers. Those come out
// the same in whatever order they are brought together; sums of floats, which round, don't, and
// values that an event replaces are no sums.
#pragma once

#include <span>
#include <tuple>
#include <vector>

#include "kernel/state.h"
#include "kernel/tile_clock.h"
#include "kernel/view_kernel.h"

namespace skewless {

struct StateNumber {
  enum class Part : uint8_t { kCount, kSum, kLeast, kGreatest };
  uint32_t accumulator = 0;  // of the view's: those of all time, then tier by tier
  Part part = Part::kCount;
  int64_t tile = 0;  // 0 of all time
  Int128 value = 0;  // a sum may be outside int64, as it may in a state

  auto place() const { return std::tuple(accumulator, tile, part); }
  bool operator==(const StateNumber&) const = default;
};

// Whether the view's states are numbers and nothing else.
bool HoldsNumbersOnly(const ViewKernel& kernel);

// Those that differ from an empty tile's, ascending by place, in place of what `numbers` held.
void ListNumbers(const ViewKernel& kernel, ByteView state, std::vector<StateNumber>* numbers);

// The compact state that holds `numbers`, ascending by place, and of `head` sequence, times and
// records. Read gives from it the bits that it gives from the state that they were listed of. An
// Error where they are no numbers of the view's; whatever they are, the state is a valid one.
Status StateOfNumbers(const ViewKernel& kernel, const StateHeader& head,
                      std::span<const StateNumber> numbers, Bytes* state);

}  // namespace skewless
