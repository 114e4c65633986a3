// Finding, making and dropping a tier's tiles in a state. The newest tile sits at a fixed place
// beside the header; older ones lie in an array, ascending, that grows by steps. Nothing here is on
// the path of an event that falls into the newest tile. Private to this room.
#pragma once

#include "kernel/state_heap.h"

namespace skewless {

// Where an event's tile is or goes.
struct Placement {
  enum Kind {
    kNewest,    // the newest tile
    kExisting,  // tile `at` of the array
    kFirst,     // the tier has no tile yet
    kRestart,   // a newer tile, and all tiles are expired
    kAppend,    // a newer tile: the newest so far moves into the array
    kInsert,    // a new tile `at` place `at` of the array
    kExpired,   // no read from now on can see it
  };
  Kind kind = kNewest;
  uint32_t at = 0;
  // For kAppend and kInsert, where the array is full:
  uint32_t drop = 0;          // expired tiles that leave at its front
  uint32_t new_capacity = 0;  // of the array; 0: as it is
};

// Changes nothing but `*placement`. `available_us`: of the row, or of the state where that is
// later. (A result in registers would be loaded from where its halves were just stored, which waits
// for all stores before it: those of a row that was just copied miss the cache.)
void FindPlacement(const uint8_t* state, const Tier& tier, int64_t tile, Timestamp available_us,
                   Placement* placement);

// Bytes that the state grows by when the placement is made.
inline size_t GrowthOf(const uint8_t* state, const Tier& tier, const Placement& placement) {
  if (placement.new_capacity == 0) return 0;
  const uint32_t capacity = LoadTierHead(state, tier).capacity;
  return size_t{placement.new_capacity - capacity} * tier.tile_size();
}

// Makes the placement and returns the tile's payload (null for kExpired). The room must be there.
uint8_t* MakePlacement(uint8_t* state, const KernelPlan& plan, const Tier& tier, int64_t tile,
                       const Placement& placement);

// The first tile of the array with an index >= `tile`; array_count() where there is none.
uint32_t LowerBound(const uint8_t* array, uint32_t count, uint32_t tile_size, int64_t tile);

}  // namespace skewless
