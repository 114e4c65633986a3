// Flags of one byte each (0 or 1) packed to one bit each, the first in the lowest bit.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace skewless {

constexpr size_t PackedBitsSize(size_t flags) { return (flags + 7) / 8; }

void PackBits(std::span<const uint8_t> flags, Bytes* out);
// Reads out.size() flags. False where there are not enough bytes.
bool UnpackBits(ByteReader& reader, std::span<uint8_t> out);

bool AllSet(std::span<const uint8_t> flags);
bool NoneSet(std::span<const uint8_t> flags);

}  // namespace skewless
