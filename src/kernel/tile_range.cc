#include "kernel/tile_range.h"

namespace skewless {
namespace {

// Where tiles lie without gaps behind `tile`, as they do for a busy entity, its place is told by
// the distance to the newest; otherwise by search.
uint32_t FindFirst(const uint8_t* array, uint32_t count, uint32_t tile_size, int64_t newest,
                   int64_t tile) {
  if (count == 0 || TileIndex(array) >= tile) return 0;
  const auto distance = static_cast<uint64_t>(newest) - static_cast<uint64_t>(tile);
  if (distance <= count) {
    const auto guess = static_cast<uint32_t>(count - distance);
    // The tile before the guess lies right before `tile`, so the guess is the first one not before.
    const bool fits = guess > 0 && guess < count &&
                      TileIndex(array + size_t{guess} * tile_size) >= tile &&
                      TileIndex(array + size_t{guess - 1} * tile_size) < tile;
    if (fits) return guess;
  }
  return LowerBound(array, count, tile_size, tile);
}

}  // namespace

TileRange FindWindow(const uint8_t* state, const Tier& tier, int64_t tiles, Timestamp t) {
  TileRange range;
  const TierHead head = LoadTierHead(state, tier);
  if (head.count == 0) return range;
  const int64_t last = tier.clock.TileOf(t);
  const int64_t first = tier.clock.FirstTile(t, tiles);
  const uint8_t* const array = state + head.offset;
  const uint32_t count = head.array_count();
  const uint32_t tile_size = tier.tile_size();
  if (head.newest >= first && head.newest <= last) range.newest = state + tier.payload_at;
  const uint32_t begin =
      head.newest >= first ? FindFirst(array, count, tile_size, head.newest, first) : count;
  // Only where events of the future came is the end not the array's.
  const bool all = count == 0 || TileIndex(array + size_t{count - 1} * tile_size) <= last;
  const uint32_t end = all ? count : LowerBound(array, count, tile_size, last + 1);
  range.first = array + size_t{begin} * tile_size + sizeof(int64_t);
  range.count = end > begin ? end - begin : 0;
  range.stride = tile_size;
  return range;
}

}  // namespace skewless
