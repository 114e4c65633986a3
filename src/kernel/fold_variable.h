// Folding one row into the accumulators whose values live in the heap, in two steps: what the heap
// must grow by, while nothing is changed yet; then the change itself. Both ask the same functions
// whether the row is taken at all. Private to this room.
#pragma once

#include "kernel/fold_row.h"
#include "kernel/state_heap.h"

namespace skewless {

// For the accumulators of the tile at `payload` that use the heap; a fresh tile's payload may stand
// for one that does not exist yet.
size_t HeapNeed(const TileLayout& layout, const uint8_t* payload, const Row& row,
                const StateHeap& heap);
void FoldVariable(const TileLayout& layout, uint8_t* payload, const Row& row, StateHeap& heap);

// min_by and max_by where neither value needs the heap.
void FoldExtreme(const Accumulator& a, uint8_t* payload, const Row& row);

// The three-way order of min, max, min_by and max_by: NaN is greater than every number and equal to
// itself, 0.0 equals -0.0, text goes by its bytes.
inline int CompareDoubles(double a, double b) {
  if (a < b) return -1;
  if (a > b) return 1;
  return (a != a ? 1 : 0) - (b != b ? 1 : 0);
}

}  // namespace skewless
