// count_by(x): how many records have each value, in a heap block: entries ascending by the value's
// bytes, each u64 count, u32 length, the bytes. A value that is known is counted in place. Private
// to this room.
#pragma once

#include <string_view>

#include "kernel/kernel_plan.h"
#include "kernel/tile_range.h"
#include "model/column.h"
#include "model/value.h"

namespace skewless {

struct StateText;

// Where a value's entry is in a block, or where a new one goes.
struct CountPlace {
  size_t at = 0;
  bool found = false;
};
CountPlace FindCount(std::string_view block, std::string_view value);

// Bytes that an entry takes, and what a block of so many should have room for.
constexpr size_t CountEntrySize(size_t value_size) { return 12 + value_size; }
constexpr size_t CountBlockCapacity(size_t length) { return length + length / 4; }

// Makes room for the value's entry at `place` in a block that was `old_length` bytes long and has
// become longer by the entry; its count is 1.
void InsertCount(uint8_t* block, size_t old_length, size_t place, std::string_view value);

// The counts of a window's tiles together, as a JSON object with its names ascending by their
// bytes. `out`, whose type is set, stays null where there are none. Allocates, unlike all other
// reads.
void ReadCounts(const Accumulator& a, const TileRange& tiles, const StateText& text,
                StringArena* arena, ValueView* out);

// Whether a block that came from elsewhere can be walked.
bool IsCountBlock(std::string_view block);

}  // namespace skewless
