// ViewKernel::Apply. An event that falls into the newest tile of every tier, of a view without
// values in the heap, takes the first way: one pass over adjacent cache lines. All else first asks
// what room it needs, and changes nothing until the room is there.
#include "kernel/fold_fixed.h"
#include "kernel/tier_tiles.h"

namespace skewless {
namespace {

SKEWLESS_ALWAYS_INLINE bool IsTouched(const TileLayout& layout, const Row& row) {
  if (layout.always) return true;
  for (const int32_t filter : layout.filters) {
    if (row.Passes(filter)) return true;
  }
  return false;
}

SKEWLESS_ALWAYS_INLINE bool AllInNewestTiles(const KernelPlan& plan, const uint8_t* state,
                                             const Row& row) {
  for (const Tier& tier : plan.tiers) {
    const bool is_newest = IsNewestTile(state, tier, tier.clock.TileOf(row.event_us));
    if (!is_newest && IsTouched(tier, row)) return false;
  }
  return true;
}

template <typename T>
void RaiseTo(uint8_t* field, T value) {
  if (LoadLe<T>(field) < value) StoreLe(field, value);
}

SKEWLESS_ALWAYS_INLINE void CountRow(uint8_t* state, const ViewInput& input, size_t row) {
  RaiseTo(state + offsetof(StateHeader, sequence), input.sequence[row]);
  RaiseTo(state + offsetof(StateHeader, available_us), input.available_us[row]);
  RaiseTo(state + offsetof(StateHeader, newest_event_us), input.event_us[row]);
  uint8_t* const records = state + offsetof(StateHeader, records);
  StoreLe(records, LoadLe<int64_t>(records) + 1);
}

struct Room {
  size_t tiles = 0;  // bytes that arrays of tiles grow by
  size_t heap = 0;
  size_t total() const { return tiles + heap; }
};

Room FindRoom(const KernelPlan& plan, uint8_t* state, const Row& row, Timestamp available_us) {
  const StateHeap heap(state, plan);
  Room room;
  if (plan.all_time.uses_heap()) {
    room.heap += HeapNeed(plan.all_time, state + plan.all_time.payload_at, row, heap);
  }
  for (const Tier& tier : plan.tiers) {
    if (!IsTouched(tier, row)) continue;
    const int64_t tile = tier.clock.TileOf(row.event_us);
    Placement placement;
    FindPlacement(state, tier, tile, available_us, &placement);
    room.tiles += GrowthOf(state, tier, placement);
    if (!tier.uses_heap() || placement.kind == Placement::kExpired) continue;
    const uint8_t* payload = tier.fresh.data();
    if (placement.kind == Placement::kNewest) payload = state + tier.payload_at;
    if (placement.kind == Placement::kExisting) {
      const size_t at = size_t{placement.at} * tier.tile_size();
      payload = state + LoadTierHead(state, tier).offset + at + 8;
    }
    room.heap += HeapNeed(tier, payload, row, heap);
  }
  return room;
}

// 0 where `room` is there, else the capacity to ask for. Takes garbage out where that helps or
// where there is much of it; the blocks that stay keep their capacity, so `room` stays right.
size_t SecureRoom(const KernelPlan& plan, uint8_t* state, size_t capacity, const Room& room) {
  constexpr size_t kMuchGarbage = 4096;
  size_t needed = StateSize(state) + room.total();
  if (plan.has_heap && room.heap > 0) {
    StateHeap heap(state, plan);
    const bool half_garbage = heap.garbage() * 2 > heap.size();
    if (half_garbage && (needed > capacity || heap.garbage() > kMuchGarbage)) {
      heap.Collect();
      needed = StateSize(state) + room.total();
    }
    // The first values of an entity fit exactly; more of them ask for a quarter as much again.
    if (needed > capacity) return needed + RoundUpTo8(heap.size() / 4);
  }
  return needed > capacity ? needed : 0;
}

void FoldInto(const KernelPlan& plan, uint8_t* state, const TileLayout& layout, uint8_t* payload,
              const Row& row) {
  FoldFixed(layout, payload, row);
  if (!layout.uses_heap()) return;
  StateHeap heap(state, plan);
  FoldVariable(layout, payload, row, heap);
}

// Kept out of Apply, whose registers it would take.
[[gnu::noinline]] size_t ApplyAnywhere(const KernelPlan& plan, uint8_t* state, size_t capacity,
                                       const ViewInput& input, size_t row_index) {
  const Row row(input, row_index);
  const Timestamp available_us =
      std::max(input.available_us[row_index], LoadStateHeader(state).available_us);
  const Room room = FindRoom(plan, state, row, available_us);
  if (room.total() > 0) {
    const size_t needed = SecureRoom(plan, state, capacity, room);
    if (needed > 0) return needed;
    SKEWLESS_CHECK(StateSize(state) + room.total() < kMaxStateBytes);
  }
  CountRow(state, input, row_index);
  FoldInto(plan, state, plan.all_time, state + plan.all_time.payload_at, row);
  for (const Tier& tier : plan.tiers) {
    if (!IsTouched(tier, row)) continue;
    const int64_t tile = tier.clock.TileOf(row.event_us);
    Placement placement;
    FindPlacement(state, tier, tile, available_us, &placement);
    uint8_t* const payload = MakePlacement(state, plan, tier, tile, placement);
    if (payload != nullptr) FoldInto(plan, state, tier, payload, row);
  }
  return 0;
}

}  // namespace

size_t ViewKernel::Apply(uint8_t* state, size_t capacity, const ViewInput& input,
                         size_t row_index) const {
  const KernelPlan& plan = *plan_;
  const Row row(input, row_index);
  if (plan.has_heap || !AllInNewestTiles(plan, state, row)) {
    return ApplyAnywhere(plan, state, capacity, input, row_index);
  }
  CountRow(state, input, row_index);
  for (const TileLayout* layout : plan.layouts) {
    if (IsTouched(*layout, row)) FoldFixed(*layout, state + layout->payload_at, row);
  }
  return 0;
}

}  // namespace skewless
