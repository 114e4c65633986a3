// Reading what accumulators keep of single records: first, last, min_by, max_by, lists, and the
// least and greatest text. Private to this room.
#pragma once

#include "kernel/tile_range.h"

namespace skewless {

// Where a state's text lies, for accumulators that refer to it.
struct StateText {
  const uint8_t* state;
  const KernelPlan& plan;
  std::string_view At(const uint8_t* slot) const { return BytesAt(state, plan, slot); }
};

// Sets `out`, whose type is set. Text points into the state, lists into the arena.
void ReadRecord(const Accumulator& a, const TileRange& tiles, const StateText& text,
                StringArena* arena, ValueView* out);

}  // namespace skewless
