// A state's bytes, field by field. Nothing in a state is aligned: all goes through memcpy.
// Private to this room; docs/formats/state.md is the whole picture.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "kernel/kernel_plan.h"
#include "kernel/state.h"

namespace skewless {

// In front of the newest tile's payload. Older tiles lie in an array, ascending by index.
struct TierHead {
  int64_t newest;     // index of the newest tile; meaningless where count is 0
  uint32_t offset;    // of the array in the state
  uint32_t count;     // tiles, the newest included
  uint32_t capacity;  // of the array, in tiles
  uint32_t reserved;  // 0

  uint32_t array_count() const { return count == 0 ? 0 : count - 1; }
};
static_assert(sizeof(TierHead) == 24);

// Field by field, as they are written: a wider load would have to wait until the stores of the
// event before, or of the copy that made the state, have left for the cache.
inline TierHead LoadTierHead(const uint8_t* state, const Tier& tier) {
  const uint8_t* head = state + tier.head_at;
  return {LoadLe<int64_t>(head + offsetof(TierHead, newest)),
          LoadLe<uint32_t>(head + offsetof(TierHead, offset)),
          LoadLe<uint32_t>(head + offsetof(TierHead, count)),
          LoadLe<uint32_t>(head + offsetof(TierHead, capacity)),
          LoadLe<uint32_t>(head + offsetof(TierHead, reserved))};
}
// Whether the newest tile is `tile`.
inline bool IsNewestTile(const uint8_t* state, const Tier& tier, int64_t tile) {
  const uint8_t* head = state + tier.head_at;
  return LoadLe<int64_t>(head + offsetof(TierHead, newest)) == tile &&
         LoadLe<uint32_t>(head + offsetof(TierHead, count)) > 0;
}
inline void StoreTierHead(uint8_t* state, const Tier& tier, const TierHead& head) {
  StoreLe(state + tier.head_at, head);
}

// A tile of the array: i64 index, then the payload.
inline int64_t TileIndex(const uint8_t* tile) { return LoadLe<int64_t>(tile); }

inline uint32_t StateSize(const uint8_t* state) {
  return LoadLe<uint32_t>(state + offsetof(StateHeader, size));
}
inline void SetStateSize(uint8_t* state, size_t size) {
  StoreLe(state + offsetof(StateHeader, size), static_cast<uint32_t>(size));
}

struct HeapHead {
  uint32_t begin;    // of the heap in the state; it ends with the state
  uint32_t garbage;  // bytes of blocks that nothing refers to
};
static_assert(sizeof(HeapHead) == 8);

// In front of every block of the heap.
struct BlockHead {
  uint32_t capacity;  // bytes behind this head, a multiple of 8
  uint32_t owner;     // 0 at rest; while the heap is compacted: where its reference lies
};
static_assert(sizeof(BlockHead) == 8);

// How a tile names a block. `offset` is from the heap's begin to the block's bytes (so never 0 for
// a block); 0 means that there is no block, and length is 0.
struct Reference {
  uint32_t offset;
  uint32_t length;
};
static_assert(sizeof(Reference) == 8);

inline HeapHead LoadHeapHead(const uint8_t* state, const KernelPlan& plan) {
  return LoadLe<HeapHead>(state + plan.heap_head_at);
}

// The bytes that the reference at `slot` names.
inline std::string_view BytesAt(const uint8_t* state, const KernelPlan& plan, const uint8_t* slot) {
  const auto reference = LoadLe<Reference>(slot);
  const uint32_t begin = LoadHeapHead(state, plan).begin;
  return AsText(ByteView(state + begin + reference.offset, reference.length));
}

inline uint64_t LoadFlags(const uint8_t* payload, const Accumulator& accumulator) {
  return LoadLe<uint64_t>(payload + accumulator.flags_at) >> accumulator.flags_shift;
}

// Calls `visit(payload)` for every tile of the layout: an array's, the newest, or the only one.
template <typename Byte, typename Visit>
void ForEachTile(Byte* state, const Tier& tier, const Visit& visit) {
  const TierHead head = LoadTierHead(state, tier);
  Byte* tile = state + head.offset;
  for (uint32_t i = 0; i < head.array_count(); ++i, tile += tier.tile_size()) visit(tile + 8);
  if (head.count > 0) visit(state + tier.payload_at);
}

// Calls `visit(slot)` for every reference in the state, in whatever tile.
template <typename Byte, typename Visit>
void ForEachReference(Byte* state, const KernelPlan& plan, const Visit& visit) {
  for (const uint32_t at : plan.all_time.references) visit(state + plan.all_time.payload_at + at);
  for (const Tier& tier : plan.tiers) {
    if (tier.references.empty()) continue;
    ForEachTile(state, tier, [&](Byte* payload) {
      for (const uint32_t at : tier.references) visit(payload + at);
    });
  }
}

}  // namespace skewless
