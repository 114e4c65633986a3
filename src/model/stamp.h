// When a record came to be readable in a store with a clock of its own.
#pragma once

#include "base/time.h"
#include "model/batch.h"

namespace skewless {

// From `available_us` on, readers could see an entity's records up to `sequence`.
struct Stamp {
  Sequence sequence = 0;
  Timestamp available_us = 0;
  // Of finished values: the time that they were computed for, readable from available_us on. They
  // ascend together, of one row. 0 of a state, which is finished when it is read.
  Timestamp computed_us = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

}  // namespace skewless
