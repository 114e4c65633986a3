// ViewKernel::NextChange: when time alone changes what a state reads as.
#include <algorithm>

#include "kernel/tier_tiles.h"
#include "kernel/view_kernel.h"

namespace skewless {
namespace {

// Where tile `tile` begins.
Timestamp BeginOf(int64_t tile, DurationUs hop_us) {
  Timestamp begin = 0;
  if (!__builtin_mul_overflow(tile, hop_us, &begin)) return begin;
  return tile < 0 ? kMinTimestamp : kMaxTimestamp;
}

// The first tile of the tier from `from` on; INT64_MAX where there is none. Its newest one does not
// lie in the array.
int64_t FirstTileFrom(const uint8_t* state, const Tier& tier, const TierHead& head, int64_t from) {
  const uint8_t* const array = state + head.offset;
  const uint32_t count = head.array_count();
  const uint32_t at = LowerBound(array, count, tier.tile_size(), from);
  if (at < count) return TileIndex(array + size_t{at} * tier.tile_size());
  return head.newest >= from ? head.newest : INT64_MAX;
}

// The oldest tile in the window leaves, or the first of the tiles that are still to come enters.
Timestamp NextOfWindow(const uint8_t* state, const Tier& tier, int64_t tiles, Timestamp t) {
  const TierHead head = LoadTierHead(state, tier);
  if (head.count == 0) return kMaxTimestamp;
  const DurationUs hop_us = tier.clock.hop_us();
  const int64_t last = tier.clock.TileOf(t);
  Timestamp next = kMaxTimestamp;
  const int64_t oldest = FirstTileFrom(state, tier, head, tier.clock.FirstTile(t, tiles));
  if (oldest <= last) next = BeginOf(SaturatingAdd(oldest, tiles), hop_us);
  if (last == INT64_MAX) return next;
  const int64_t coming = FirstTileFrom(state, tier, head, last + 1);
  return coming == INT64_MAX ? next : std::min(next, BeginOf(coming, hop_us));
}

}  // namespace

Timestamp ViewKernel::NextChange(ByteView state, Timestamp t) const {
  if (state.empty()) return kMaxTimestamp;
  const StateHeader header = LoadStateHeader(state.data());
  if (header.records == 0) return kMaxTimestamp;
  Timestamp next = kMaxTimestamp;
  if (const auto ttl = plan_->view->ttl_us) {
    if (header.newest_event_us < SaturatingSub(t, *ttl)) return kMaxTimestamp;
    next = SaturatingAdd(SaturatingAdd(header.newest_event_us, *ttl), 1);
  }
  for (const WindowRead& window : plan_->windows) {
    if (window.tier < 0) continue;
    const Tier& tier = plan_->tiers[static_cast<size_t>(window.tier)];
    next = std::min(next, NextOfWindow(state.data(), tier, window.tiles, t));
  }
  return next;
}

}  // namespace skewless
