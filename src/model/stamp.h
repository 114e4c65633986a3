// When a record came to be readable in a store with a clock of its own.
#pragma once

#include "base/time.h"
#include "model/batch.h"

namespace skewless {

// From `available_us` on, readers could see an entity's records up to `sequence`.
struct Stamp {
  Sequence sequence = 0;
  Timestamp available_us = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

}  // namespace skewless
