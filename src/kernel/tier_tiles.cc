#include "kernel/tier_tiles.h"

namespace skewless {
namespace {

// 1, 2, 3, 4, 6, 9, 13, ... and, from there on, what a window that is always full needs.
uint32_t NextCapacity(uint32_t capacity, uint32_t needed, uint32_t steady) {
  uint32_t next = capacity;
  while (next < needed) next += std::max<uint32_t>(1, next / 2);
  return next > steady && needed <= steady ? steady : next;
}

// The array is full: drop expired tiles if they are enough to be worth the move, else grow.
void FindRoom(const uint8_t* state, const Tier& tier, const TierHead& head, int64_t first_live,
              Placement* placement) {
  if (head.array_count() < head.capacity) return;
  const uint8_t* array = state + head.offset;
  const uint32_t expired = LowerBound(array, head.array_count(), tier.tile_size(), first_live);
  if (expired > head.capacity / 16) {
    placement->drop = expired;
    placement->at -= placement->kind == Placement::kInsert ? expired : 0;
    return;
  }
  placement->new_capacity = NextCapacity(head.capacity, head.capacity + 1, tier.steady_capacity);
}

void DropFront(uint8_t* state, const KernelPlan& plan, const Tier& tier, uint32_t drop,
               TierHead* head) {
  const size_t tile_size = tier.tile_size();
  uint8_t* array = state + head->offset;
  if (tier.uses_heap()) {
    StateHeap heap(state, plan);
    for (uint32_t i = 0; i < drop; ++i) heap.Release(tier, array + i * tile_size + 8);
  }
  std::memmove(array, array + drop * tile_size, (head->array_count() - drop) * tile_size);
  head->count -= drop;
}

// Arrays of later tiers and the heap move up. References are relative to the heap: none changes.
void GrowArray(uint8_t* state, const KernelPlan& plan, const Tier& tier, uint32_t capacity,
               TierHead* head) {
  const size_t growth = size_t{capacity - head->capacity} * tier.tile_size();
  const size_t end = head->offset + size_t{head->capacity} * tier.tile_size();
  const size_t size = StateSize(state);
  std::memmove(state + end + growth, state + end, size - end);
  head->capacity = capacity;
  for (const Tier* later = &tier + 1; later != plan.tiers.data() + plan.tiers.size(); ++later) {
    TierHead moved = LoadTierHead(state, *later);
    moved.offset += static_cast<uint32_t>(growth);
    StoreTierHead(state, *later, moved);
  }
  if (plan.has_heap) {
    HeapHead heap_head = LoadHeapHead(state, plan);
    heap_head.begin += static_cast<uint32_t>(growth);
    StoreLe(state + plan.heap_head_at, heap_head);
  }
  SetStateSize(state, size + growth);
}

void ReleaseAll(uint8_t* state, const KernelPlan& plan, const Tier& tier) {
  if (!tier.uses_heap()) return;
  StateHeap heap(state, plan);
  ForEachTile(state, tier, [&](const uint8_t* payload) { heap.Release(tier, payload); });
}

}  // namespace

uint32_t LowerBound(const uint8_t* array, uint32_t count, uint32_t tile_size, int64_t tile) {
  uint32_t low = 0;
  while (count > 0) {
    const uint32_t half = count / 2;
    const uint8_t* middle = array + (size_t{low} + half) * tile_size;
    if (TileIndex(middle) < tile) {
      low += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return low;
}

void FindPlacement(const uint8_t* state, const Tier& tier, int64_t tile, Timestamp available_us,
                   Placement* placement) {
  *placement = {};
  if (IsNewestTile(state, tier, tile)) return;
  const TierHead head = LoadTierHead(state, tier);
  const int64_t first_live = tier.FirstLive(available_us);
  if (tile < first_live) {
    placement->kind = Placement::kExpired;
  } else if (head.count == 0) {
    placement->kind = Placement::kFirst;
  } else if (tile > head.newest) {
    placement->kind = head.newest < first_live ? Placement::kRestart : Placement::kAppend;
    if (placement->kind == Placement::kAppend) FindRoom(state, tier, head, first_live, placement);
  } else {
    const uint8_t* array = state + head.offset;
    placement->at = LowerBound(array, head.array_count(), tier.tile_size(), tile);
    const bool exists = placement->at < head.array_count() &&
                        TileIndex(array + size_t{placement->at} * tier.tile_size()) == tile;
    placement->kind = exists ? Placement::kExisting : Placement::kInsert;
    if (!exists) FindRoom(state, tier, head, first_live, placement);
  }
}

uint8_t* MakePlacement(uint8_t* state, const KernelPlan& plan, const Tier& tier, int64_t tile,
                       const Placement& placement) {
  uint8_t* const newest = state + tier.payload_at;
  if (placement.kind == Placement::kNewest) return newest;
  if (placement.kind == Placement::kExpired) return nullptr;
  TierHead head = LoadTierHead(state, tier);
  const size_t tile_size = tier.tile_size();
  if (placement.kind == Placement::kExisting) {
    return state + head.offset + placement.at * tile_size + 8;
  }
  if (placement.drop > 0) DropFront(state, plan, tier, placement.drop, &head);
  if (placement.new_capacity > 0) GrowArray(state, plan, tier, placement.new_capacity, &head);
  uint8_t* const array = state + head.offset;
  uint8_t* payload = newest;
  if (placement.kind == Placement::kInsert) {
    uint8_t* const at = array + placement.at * tile_size;
    std::memmove(at + tile_size, at, (head.array_count() - placement.at) * tile_size);
    StoreLe(at, tile);
    payload = at + 8;
    ++head.count;
  } else {
    if (placement.kind == Placement::kAppend) {
      uint8_t* const end = array + head.array_count() * tile_size;
      StoreLe(end, head.newest);
      std::memcpy(end + 8, newest, tier.payload_size());
      ++head.count;
    } else {
      if (placement.kind == Placement::kRestart) ReleaseAll(state, plan, tier);
      head.count = 1;
    }
    head.newest = tile;
  }
  StoreTierHead(state, tier, head);
  std::memcpy(payload, tier.fresh.data(), tier.payload_size());
  return payload;
}

}  // namespace skewless
