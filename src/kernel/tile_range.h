// The tiles of a window in a state, oldest first: a stretch of the tier's array and, behind it, the
// newest tile where the window holds it. Private to this room.
#pragma once

#include "kernel/tier_tiles.h"

namespace skewless {

struct TileRange {
  const uint8_t* first = nullptr;  // payload of the first tile of the array's stretch
  size_t count = 0;
  size_t stride = 0;
  const uint8_t* newest = nullptr;  // payload, or null

  template <typename Visit>
  void ForEach(const Visit& visit) const {
    const uint8_t* payload = first;
    for (size_t i = 0; i < count; ++i, payload += stride) visit(payload);
    if (newest != nullptr) visit(newest);
  }

  // Newest first, until `visit` returns false.
  template <typename Visit>
  void Backwards(const Visit& visit) const {
    if (newest != nullptr && !visit(newest)) return;
    for (size_t i = count; i > 0; --i) {
      if (!visit(first + (i - 1) * stride)) return;
    }
  }
};

// Tiles [FirstTile(t), TileOf(t)] of the tier.
TileRange FindWindow(const uint8_t* state, const Tier& tier, int64_t tiles, Timestamp t);

}  // namespace skewless
