// Windows and the tiles that they are cut into.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace skewless {

// More tiles than this would make a state that no read finishes in time.
inline constexpr int64_t kMostTiles = 100'000;
// How many tiles a window has at most where its definition names no hop.
inline constexpr int64_t kMostDefaultTiles = 60;

// The hop of a window without one: the smallest round duration that divides the window in at most
// 60 tiles. 5m/5s, 1h/1m, 24h/30m, 7d/3h, 30d/12h. Round are 1, 2 and 5 times a power of ten below
// a second, then what a clock or a calendar shows: 1s 2s 5s 10s 15s 30s, 1m ... 12h, 1d ... 100d.
// None: no round duration does.
std::optional<DurationUs> DefaultHop(DurationUs window_us);

// The largest round duration that divides the window, to offer where DefaultHop has none.
DurationUs LargestRoundHop(DurationUs window_us);

}  // namespace skewless
