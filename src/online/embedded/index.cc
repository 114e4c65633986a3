#include "online/embedded/index.h"

#include <bit>

#include "base/check.h"
#include "online/embedded/memory_order.h"

namespace skewless::embedded {
namespace {

// Beyond this a segment is split: probes stay short.
constexpr uint32_t kFullSlots = kSegmentSlots * 85 / 100;

bool HasKey(const BlockHeader* block, ByteView key) {
  return block->key_size.load(std::memory_order_relaxed) == key.size() &&
         std::memcmp(KeyOf(block), key.data(), key.size()) == 0;
}

}  // namespace

Status Index::Create() {
  const uint32_t directory = arena_.AllocateZeros(sizeof(SegmentEntry), 64);
  const uint32_t segment = directory == 0 ? 0 : arena_.AllocateSegment();
  if (segment == 0) return arena_.status();
  arena_.At<SegmentEntry>(directory)->store(PackDepth(segment, 0), std::memory_order_relaxed);
  view_.directory.store(PackDepth(directory, 0), std::memory_order_release);
  return {};
}

Slot* Index::Find(uint64_t hash, ByteView key) {
  Segment* segment = SegmentOf(hash);
  for (;;) {
    uint32_t at = HomeOf(hash);
    for (uint32_t probes = 0; probes < kSegmentSlots; ++probes, at = (at + 1) % kSegmentSlots) {
      Slot& slot = segment->slots[at];
      const uint64_t versions = slot.versions.load(std::memory_order_relaxed);
      if (versions == 0) break;  // with an overflow segment there is no empty slot
      if (slot.hash.load(std::memory_order_relaxed) != hash) continue;
      if (HasKey(arena_.Block(NewestOf(versions)), key)) return &slot;
    }
    const uint32_t overflow = segment->overflow.load(std::memory_order_relaxed);
    if (overflow == 0) return nullptr;
    segment = arena_.At<Segment>(overflow);
  }
}

void Index::PrefetchBlock(uint64_t hash) {
  const Segment* segment = SegmentOf(hash);
  uint32_t at = HomeOf(hash);
  for (uint32_t probes = 0; probes < 16; ++probes, at = (at + 1) % kSegmentSlots) {
    const Slot& slot = segment->slots[at];
    const uint64_t versions = slot.versions.load(std::memory_order_relaxed);
    if (versions == 0) return;
    if (slot.hash.load(std::memory_order_relaxed) != hash) continue;
    arena_.PrefetchBlock(NewestOf(versions));
    return;
  }
}

Slot* Index::Place(Segment* segment, uint64_t hash, uint64_t versions) {
  uint32_t at = HomeOf(hash);
  while (segment->slots[at].versions.load(std::memory_order_relaxed) != 0)
    at = (at + 1) % kSegmentSlots;
  Slot& slot = segment->slots[at];
  slot.hash.store(hash, std::memory_order_relaxed);
  slot.versions.store(versions, std::memory_order_release);
  ++segment->count;
  return &slot;
}

Slot* Index::Insert(uint64_t hash, uint64_t versions) {
  for (;;) {
    Segment* segment = SegmentOf(hash);
    if (segment->overflow.load(std::memory_order_relaxed) == 0) {
      if (segment->count < kFullSlots) return Place(segment, hash, versions);
      if (segment->depth < DepthOf(directory()) || MayDeepen()) {
        if (!Split(hash)) return nullptr;
        continue;
      }
      if (segment->count < kSegmentSlots) return Place(segment, hash, versions);
    }
    segment = Chain(segment);
    return segment == nullptr ? nullptr : Place(segment, hash, versions);
  }
}

// Hashes are spread evenly, so a directory much deeper than the number of rows asks for would be
// deepened for hashes that are equal, and no depth tells those apart.
bool Index::MayDeepen() const {
  const auto segments = static_cast<uint64_t>(view_.rows) / kSegmentSlots + 1;
  return DepthOf(directory()) < static_cast<uint32_t>(std::bit_width(segments)) + 6;
}

bool Index::DoubleDirectory() {
  const uint64_t packed = directory();
  const uint32_t depth = DepthOf(packed);
  const uint64_t size = uint64_t{1} << depth;
  // The old one is left to readers for good; all of them together are no larger than the last.
  const uint32_t unit = arena_.AllocateZeros(2 * size * sizeof(SegmentEntry), 64);
  if (unit == 0) return false;
  const auto* from = arena_.At<SegmentEntry>(UnitOf(packed));
  auto* to = arena_.At<SegmentEntry>(unit);
  for (uint64_t i = 0; i < 2 * size; ++i) {
    to[i].store(from[i / 2].load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  view_.directory.store(PackDepth(unit, depth + 1), std::memory_order_release);
  return true;
}

bool Index::Split(uint64_t hash) {
  const uint32_t old_unit = UnitOf(EntryOf(hash)->load(std::memory_order_relaxed));
  Segment* old = arena_.At<Segment>(old_unit);
  const uint32_t depth = old->depth;
  if (depth == DepthOf(directory()) && !DoubleDirectory()) return false;
  uint32_t halves[2];
  for (uint32_t& half : halves) {
    half = arena_.AllocateSegment();
    if (half == 0) return false;
    arena_.At<Segment>(half)->depth = depth + 1;
  }
  for (const Slot& slot : old->slots) {
    const uint64_t versions = slot.versions.load(std::memory_order_relaxed);
    if (versions == 0) continue;
    const uint64_t slot_hash = slot.hash.load(std::memory_order_relaxed);
    Place(arena_.At<Segment>(halves[slot_hash >> (63 - depth) & 1]), slot_hash, versions);
  }
  const uint64_t packed = directory();
  const uint64_t each = uint64_t{1} << (DepthOf(packed) - depth - 1);
  SegmentEntry* entry =
      arena_.At<SegmentEntry>(UnitOf(packed)) + LeadingBits(hash, depth) * each * 2;
  for (const uint32_t half : halves) {
    for (uint64_t i = 0; i < each; ++i) {
      (entry++)->store(PackDepth(half, depth + 1), std::memory_order_release);
    }
  }
  arena_.FreeSegment(old_unit);
  return true;
}

// A segment behind the full `head` with room in it.
Segment* Index::Chain(Segment* head) {
  const uint32_t next = head->overflow.load(std::memory_order_relaxed);
  if (next != 0 && arena_.At<Segment>(next)->count < kSegmentSlots) return arena_.At<Segment>(next);
  const uint32_t unit = arena_.AllocateSegment();
  if (unit == 0) return nullptr;
  auto* segment = arena_.At<Segment>(unit);
  segment->depth = head->depth;
  segment->overflow.store(next, std::memory_order_relaxed);
  head->overflow.store(unit, std::memory_order_release);
  return segment;
}

}  // namespace skewless::embedded
