// Integers packed by frame of reference: the difference to the least one, in 0, 1, 2, 4 or 8 bytes
// each. Differences are unsigned and wrap, so any range of int64 fits.
//   u8 width, i64 base, then width bytes for each value
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace skewless {

void PackInts(std::span<const int64_t> values, Bytes* out);
// Rows with valid[i] = 0 neither widen the range nor keep their value: what is read back in their
// place has no meaning.
void PackInts(std::span<const int64_t> values, std::span<const uint8_t> valid, Bytes* out);

// Reads out.size() integers. False where the bytes are malformed.
bool UnpackInts(ByteReader& reader, std::span<int64_t> out);
// Moves past `count` integers.
bool SkipInts(ByteReader& reader, size_t count);

}  // namespace skewless
