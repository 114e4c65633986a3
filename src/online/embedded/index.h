// The writer's index of one view: extendible hashing. A directory, indexed by the leading bits of a
// key's hash, names segments of 512 slots; a full segment is copied into two, so that growing never
// stops the world. Readers follow along without locks: a segment that they may be in is never
// emptied in place, it is replaced in the directory (see row_reader.h).
#pragma once

#include "base/bytes.h"
#include "online/embedded/arena.h"

namespace skewless::embedded {

class Index {
 public:
  Index(Arena& arena, size_t view) : arena_(arena), view_(arena.header().views()[view]) {}

  // An arena that was just made.
  Status Create();

  // The row's slot, or null.
  Slot* Find(uint64_t hash, ByteView key);
  // A row that Find did not find. Null where the arena has no room. May move every slot of the
  // view.
  Slot* Insert(uint64_t hash, uint64_t versions);

  // Ahead of Find, for many rows: first where the slot will be, then the newest block in it.
  void PrefetchSlot(uint64_t hash) { __builtin_prefetch(&SegmentOf(hash)->slots[HomeOf(hash)], 1); }
  void PrefetchBlock(uint64_t hash);

 private:
  static uint32_t HomeOf(uint64_t hash) { return static_cast<uint32_t>(hash % kSegmentSlots); }
  uint64_t directory() const { return view_.directory.load(std::memory_order_relaxed); }
  SegmentEntry* EntryOf(uint64_t hash) {
    const uint64_t packed = directory();
    return arena_.At<SegmentEntry>(UnitOf(packed)) + LeadingBits(hash, DepthOf(packed));
  }
  Segment* SegmentOf(uint64_t hash) {
    return arena_.At<Segment>(UnitOf(EntryOf(hash)->load(std::memory_order_relaxed)));
  }
  static Slot* Place(Segment* segment, uint64_t hash, uint64_t versions);
  bool MayDeepen() const;
  bool DoubleDirectory();
  bool Split(uint64_t hash);
  Segment* Chain(Segment* head);

  Arena& arena_;
  ArenaView& view_;
};

}  // namespace skewless::embedded
