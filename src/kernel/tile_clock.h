// Which tile of a tier an instant falls into: floor(t / hop), without a division.
#pragma once

#include <bit>

#include "base/check.h"
#include "base/time.h"

namespace skewless {

__extension__ using UInt128 = unsigned __int128;
__extension__ using Int128 = __int128;

// Multiplies by ceil(2^(63 + l) / hop), l = ceil(log2(hop)), which is exact for every dividend
// below 2^63. Times before 1970 go through floor(t / h) = ~(~t / h), so that no branch looks at the
// sign.
class TileClock {
 public:
  explicit TileClock(DurationUs hop_us = 1) : hop_us_(hop_us) {
    SKEWLESS_CHECK(hop_us > 0);
    if (hop_us == 1) return;  // would need a 65-bit factor; magic_ == 0 stands for it
    const auto hop = static_cast<uint64_t>(hop_us);
    const int bits = std::bit_width(hop - 1);
    magic_ = static_cast<uint64_t>(((UInt128{1} << (63 + bits)) + hop - 1) / hop);
    shift_ = bits - 1;
  }

  DurationUs hop_us() const { return hop_us_; }

  int64_t TileOf(Timestamp t) const {
    if (magic_ == 0) return t;
    const auto sign = static_cast<uint64_t>(t >> 63);
    const uint64_t magnitude = static_cast<uint64_t>(t) ^ sign;
    const auto high = static_cast<uint64_t>((UInt128{magic_} * magnitude) >> 64);
    return static_cast<int64_t>((high >> shift_) ^ sign);
  }

  // The first tile that a window of `tiles` tiles holds at `t`; the last one is TileOf(t).
  int64_t FirstTile(Timestamp t, int64_t tiles) const {
    return SaturatingSub(TileOf(t), tiles - 1);
  }

 private:
  DurationUs hop_us_;
  uint64_t magic_ = 0;
  int shift_ = 0;
};

}  // namespace skewless
