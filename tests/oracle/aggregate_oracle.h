// What each aggregate is over the records of a window, told as plainly as possible: from the values
// themselves, tile by tile. It shares nothing with the kernel but the definition and the values.
#pragma once

#include <vector>

#include "definition/definition.h"
#include "model/batch.h"
#include "model/value.h"

namespace skewless::oracle {

// A record as one feature sees it.
struct Input {
  Sequence sequence = 0;
  Timestamp event_us = 0;
  Value x;  // the argument; nothing for count(*)
  Value y;  // the second one of min_by and max_by
};

// The inputs of a tile in sequence order.
using Tile = std::vector<Input>;

// Nulls are skipped where the aggregate skips them. `tiles` are oldest first.
// `t` is the moment that is read at: decay and time since the last event go by it.
Value Aggregate(const FeatureDefinition& feature, const std::vector<Tile>& tiles, Timestamp t);

}  // namespace skewless::oracle
