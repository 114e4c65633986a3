// Where a tile's accumulators lie in its payload. Private to this room.
#pragma once

#include "kernel/kernel_plan.h"

namespace skewless {

// Sorts the accumulators, gives each its place and fills in all else that a layout holds but its
// own place in a state. Returns where each accumulator went.
std::vector<size_t> LayOutTile(TileLayout* layout);

}  // namespace skewless
