// Reads one row's state at an instant out of an arena that another process may be writing. No
// locks: everything is copied out and believed only if it did not change meanwhile.
//
// A block with the row's key, a stamp at or below T and an unchanged version number is the state at
// T: a block that was filled after T was taken has a stamp above T, whatever pointer led to it.
// That something is *not* there is believed only if the slot and the directory are still as they
// were.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/time.h"
#include "online/embedded/arena_format.h"
#include "online/embedded/memory_order.h"

namespace skewless::embedded {

enum class RowOutcome {
  kFound,      // *out has the state
  kUnchanged,  // found, and the same as `known`
  kMissing,    // no such row at T
  kTooOld,     // both versions are later: T must be taken anew
};

struct FoundRow {
  uint32_t block = 0;    // that holds the state; 0: none
  uint32_t version = 0;  // of the block
};

// Grows as needed, once; states stay where they are until Clear.
class StateBuffer {
 public:
  void Clear() { used_ = 0; }
  size_t used() const { return used_; }
  // `size` bytes at an 8-aligned offset.
  size_t Reserve(size_t size) {
    const size_t offset = used_;
    used_ += (size + 7) / 8 * 8;
    if (bytes_.size() < used_) bytes_.resize(used_ * 2);
    return offset;
  }
  uint8_t* at(size_t offset) { return bytes_.data() + offset; }
  const uint8_t* at(size_t offset) const { return bytes_.data() + offset; }

 private:
  Bytes bytes_;
  size_t used_ = 0;
};

struct RowState {
  uint64_t hash = 0;
  FoundRow found;
  size_t offset = 0;  // in the buffer
  size_t size = 0;    // 0: no such row
  size_t room = 0;
};

// One view of an arena, read-only.
class RowReader {
 public:
  RowReader(const uint8_t* arena, const ArenaView& view, uint16_t view_number)
      : arena_(arena), view_(&view), view_number_(view_number) {}

  void PrefetchSlot(uint64_t hash) const {
    const auto* segment =
        At<Segment>(UnitOf(EntryOf(directory(), hash)->load(std::memory_order_relaxed)));
    __builtin_prefetch(&segment->slots[hash % kSegmentSlots]);
  }
  void PrefetchBlock(uint64_t hash) const;
  // The row with `row->hash` and `key`, as of `t`.
  RowOutcome Read(ByteView key, Timestamp t, StateBuffer* buffer, RowState* row) const;

 private:
  // Where the search for a key stands.
  struct Position {
    uint64_t directory;
    uint64_t entry;
    const SegmentEntry* entry_at;
  };
  enum class Step { kDone, kNextSlot, kAgain };

  template <typename T>
  const T* At(uint32_t unit) const {
    return reinterpret_cast<const T*>(arena_ + uint64_t{unit} * kUnitBytes);
  }
  uint64_t directory() const { return view_->directory.load(std::memory_order_acquire); }
  const SegmentEntry* EntryOf(uint64_t packed, uint64_t hash) const {
    return At<SegmentEntry>(UnitOf(packed)) + LeadingBits(hash, DepthOf(packed));
  }
  bool StillThere(const Position& position) const {
    LoadBarrier();
    return view_->directory.load(std::memory_order_acquire) == position.directory &&
           position.entry_at->load(std::memory_order_acquire) == position.entry;
  }
  Step ReadOnce(ByteView key, Timestamp t, StateBuffer* buffer, RowState* row,
                RowOutcome* outcome) const;
  Step ReadSlot(const Slot& slot, uint64_t versions, const Position& position, ByteView key,
                Timestamp t, StateBuffer* buffer, RowState* row, RowOutcome* outcome) const;
  bool HoldsKey(const BlockHeader* block, ByteView key) const;
  // False where the block was reused meanwhile.
  bool Copy(uint32_t unit, uint32_t version, size_t key_size, StateBuffer* buffer, RowState* row,
            RowOutcome* outcome) const;

  const uint8_t* arena_;
  const ArenaView* view_;
  uint16_t view_number_;
};

}  // namespace skewless::embedded
