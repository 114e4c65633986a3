// Which partition an entity's records go to. Entities next to each other lie together, for what is
// written by entity to be written in stretches; but not too many of them, since numbers that are
// keys may have all the busy ones in a row.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace skewless {

class EntityPartition {
 public:
  explicit EntityPartition(uint32_t entities) : entities_(entities) {
    const auto bits = static_cast<unsigned>(std::bit_width(entities));
    bits_ = std::min(kMaxBits, bits);
    neighbour_bits_ = std::min(kMaxNeighbourBits, bits - bits_);
  }
  size_t count() const { return size_t{1} << bits_; }
  size_t Of(uint32_t entity) const { return entity >> neighbour_bits_ & (count() - 1); }

  // Within its partition entities are numbered anew, below Size().
  size_t Size() const { return IndexOf(entities_) + (size_t{1} << neighbour_bits_); }
  size_t IndexOf(uint32_t entity) const {
    return size_t{entity >> (neighbour_bits_ + bits_)} << neighbour_bits_ |
           (entity & ((1U << neighbour_bits_) - 1));
  }
  uint32_t EntityOf(size_t partition, size_t index) const {
    return static_cast<uint32_t>(
        ((index >> neighbour_bits_ << bits_ | partition) << neighbour_bits_) |
        (index & ((size_t{1} << neighbour_bits_) - 1)));
  }

 private:
  // Enough partitions that one of a large history fits in a core's cache, and few enough that each
  // has a write stream of its own.
  static constexpr unsigned kMaxBits = 9;
  static constexpr unsigned kMaxNeighbourBits = 6;
  uint32_t entities_;
  unsigned bits_ = 0, neighbour_bits_ = 0;
};

}  // namespace skewless
