// What brings a hash of numbers from one state to a later one.
#pragma once

#include <span>
#include <vector>

#include "kernel/state_numbers.h"

namespace skewless::redis {

struct Increments {
  std::vector<StateNumber> adds;     // their values: by how much
  std::vector<StateNumber> sets;     // to these values
  std::vector<StateNumber> removes;  // whatever they hold

  void Clear() {
    adds.clear();
    sets.clear();
    removes.clear();
  }
};

// Counts and sums are added to where all that takes part is an int64, as HINCRBY has it; new
// numbers, sums beyond, least and greatest ones are set; tiles that have left are removed. Both
// ascend by place.
void FindIncrements(std::span<const StateNumber> before, std::span<const StateNumber> after,
                    Increments* increments);

}  // namespace skewless::redis
