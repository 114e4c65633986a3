// ViewKernel::Compact: arrays as long as their tiles, blocks as long as their values, no garbage,
// and no tile that a read at or after the state's available_us, or a later time, can't see.
#include <algorithm>
#include <cstddef>

#include "kernel/state_heap.h"
#include "kernel/tier_tiles.h"
#include "kernel/view_kernel.h"

namespace skewless {
namespace {

// The tiles of the array that stay: [first, head.array_count()).
uint32_t FirstLiveTile(const uint8_t* state, const Tier& tier, const TierHead& head,
                       Timestamp least_us) {
  const int64_t first_live = tier.FirstLive(least_us);
  return LowerBound(state + head.offset, head.array_count(), tier.tile_size(), first_live);
}

void CopyTier(const uint8_t* state, const Tier& tier, Timestamp least_us, Bytes* out) {
  TierHead head = LoadTierHead(state, tier);
  const uint32_t first = FirstLiveTile(state, tier, head, least_us);
  const size_t tile_size = tier.tile_size();
  const ByteView tiles(state + head.offset + first * tile_size,
                       (head.array_count() - first) * tile_size);
  head.capacity = head.array_count() - first;
  head.count -= first;
  head.offset = static_cast<uint32_t>(out->size());
  PutRaw(*out, tiles);
  StoreTierHead(out->data(), tier, head);
}

// Values in the order of their tiles; references in `out` still are those of `state`.
void CopyHeap(const uint8_t* state, const KernelPlan& plan, Bytes* out) {
  const uint8_t* const heap = state + LoadHeapHead(state, plan).begin;
  const auto begin = static_cast<uint32_t>(out->size());
  std::vector<uint32_t> slots;
  ForEachReference(out->data(), plan, [&](const uint8_t* slot) {
    slots.push_back(static_cast<uint32_t>(slot - out->data()));
  });
  for (const uint32_t slot : slots) {
    auto reference = LoadLe<Reference>(out->data() + slot);
    if (reference.length == 0) {
      reference = {0, 0};
    } else {
      const ByteView value(heap + reference.offset, reference.length);
      const auto capacity = static_cast<uint32_t>(RoundUpTo8(reference.length));
      PutLe(*out, BlockHead{capacity, 0});
      reference.offset = static_cast<uint32_t>(out->size()) - begin;
      PutRaw(*out, value);
      out->resize(out->size() + capacity - reference.length);
    }
    StoreLe(out->data() + slot, reference);
  }
  StoreLe(out->data() + plan.heap_head_at, HeapHead{begin, 0});
}

}  // namespace

void ViewKernel::Compact(ByteView state, Bytes* out, Timestamp least_us) const {
  const KernelPlan& plan = *plan_;
  least_us = std::max(least_us, LoadStateHeader(state.data()).available_us);
  out->assign(state.begin(), state.begin() + static_cast<ptrdiff_t>(plan.empty_state.size()));
  StoreLe(out->data() + offsetof(StateHeader, available_us), least_us);
  for (const Tier& tier : plan.tiers) CopyTier(state.data(), tier, least_us, out);
  if (plan.has_heap) CopyHeap(state.data(), plan, out);
  SetStateSize(out->data(), out->size());
}

}  // namespace skewless
