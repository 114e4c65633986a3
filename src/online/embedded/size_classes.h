// The sizes that blocks of the arena come in: steps of 16 bytes to 512, then each a quarter larger
// than the one before. A place in the arena keeps the class that it was first given, for good: so a
// reader with a stale pointer still knows how far it may read.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace skewless::embedded {

inline constexpr size_t kUnitBytes = 16;  // offsets in the arena count these
inline constexpr size_t kSmallBlockBytes = 512;
inline constexpr uint32_t kSmallClasses = kSmallBlockBytes / kUnitBytes;
inline constexpr uint32_t kSizeClasses = 98;

consteval std::array<uint32_t, kSizeClasses> MakeClassSizes() {
  std::array<uint32_t, kSizeClasses> sizes{};
  uint64_t size = 0;
  for (uint32_t i = 0; i < kSizeClasses; ++i) {
    size += i < kSmallClasses ? kUnitBytes : size / 4;
    size = (size + kUnitBytes - 1) / kUnitBytes * kUnitBytes;
    sizes[i] = static_cast<uint32_t>(size);
  }
  return sizes;
}

inline constexpr std::array<uint32_t, kSizeClasses> kClassBytes = MakeClassSizes();
inline constexpr size_t kMaxBlockBytes = kClassBytes.back();
static_assert(kClassBytes[kSmallClasses - 1] == kSmallBlockBytes);
static_assert(kMaxBlockBytes >= (size_t{1} << 30));

// The least class that holds `bytes`; kSizeClasses where none does.
inline uint32_t SizeClassOf(size_t bytes) {
  if (bytes <= kSmallBlockBytes) {
    return bytes == 0 ? 0 : static_cast<uint32_t>((bytes - 1) / kUnitBytes);
  }
  const auto found =
      std::lower_bound(kClassBytes.begin() + kSmallClasses, kClassBytes.end(), bytes);
  return static_cast<uint32_t>(found - kClassBytes.begin());
}

}  // namespace skewless::embedded
