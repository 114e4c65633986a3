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

  // Calls visit(hash, newest block) for the rows of whole segments, at least `least` rows of them
  // where there are so many, from the hash `*cursor` on. False once the last was visited.
  template <typename Visit>
  bool VisitFrom(uint64_t* cursor, size_t least, const Visit& visit);

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

template <typename Visit>
bool Index::VisitFrom(uint64_t* cursor, size_t least, const Visit& visit) {
  for (size_t visited = 0; visited < least;) {
    Segment* const first = SegmentOf(*cursor);
    for (Segment* segment = first; segment != nullptr;) {
      for (const Slot& slot : segment->slots) {
        const uint64_t versions = slot.versions.load(std::memory_order_relaxed);
        if (versions == 0) continue;
        visit(slot.hash.load(std::memory_order_relaxed), arena_.Block(NewestOf(versions)));
        ++visited;
      }
      const uint32_t overflow = segment->overflow.load(std::memory_order_relaxed);
      segment = overflow == 0 ? nullptr : arena_.At<Segment>(overflow);
    }
    // The first hash that is not of this segment.
    const uint32_t depth = first->depth;
    if (depth == 0) return false;
    *cursor = (LeadingBits(*cursor, depth) + 1) << (64 - depth);
    if (*cursor == 0) return false;
  }
  return true;
}

}  // namespace skewless::embedded
