// The heap at a state's end: blocks for values of any length, each named by one reference in a
// tile. A value that fits its block is overwritten in place; a longer one takes a new block at the
// end and leaves the old one as garbage, which Collect takes out. Private to this room.
#pragma once

#include <algorithm>

#include "base/check.h"
#include "kernel/state_access.h"

namespace skewless {

constexpr size_t RoundUpTo8(size_t size) { return (size + 7) & ~size_t{7}; }

class StateHeap {
 public:
  StateHeap(uint8_t* state, const KernelPlan& plan) : state_(state), plan_(plan) {}

  // Bytes that the heap must grow by for `slot` to hold `length` bytes, asked before anything is
  // changed. A new block has room for `capacity` where that is more.
  size_t Need(const uint8_t* slot, size_t length, size_t capacity = 0) const {
    const auto reference = LoadLe<Reference>(slot);
    if (length == 0) return 0;
    if (reference.offset != 0 && CapacityOf(reference) >= length) return 0;
    return sizeof(BlockHead) + RoundUpTo8(std::max(length, capacity));
  }

  // Makes the value at `slot` `length` bytes long and returns them: its old bytes up to the shorter
  // of both lengths, the rest undefined. The room that Need told must be there.
  uint8_t* Resize(uint8_t* slot, size_t length, size_t capacity = 0) {
    auto reference = LoadLe<Reference>(slot);
    const size_t need = Need(slot, length, capacity);
    if (need > 0) {
      const uint32_t old_offset = reference.offset;
      const uint32_t old_length = reference.length;
      reference.offset = Append(need);
      if (old_offset != 0) {
        std::memcpy(At(reference.offset), At(old_offset), std::min<size_t>(old_length, length));
        AddGarbage(old_offset);
      }
    }
    reference.length = static_cast<uint32_t>(length);
    StoreLe(slot, reference);
    return At(reference.offset);
  }

  void Assign(uint8_t* slot, std::string_view value) {
    uint8_t* bytes = Resize(slot, value.size());
    if (!value.empty()) std::memcpy(bytes, value.data(), value.size());
  }

  std::string_view Get(const uint8_t* slot) const { return BytesAt(state_, plan_, slot); }

  // The references of a tile that goes.
  void Release(const TileLayout& layout, const uint8_t* payload) {
    for (const uint32_t at : layout.references) {
      const auto reference = LoadLe<Reference>(payload + at);
      if (reference.offset != 0) AddGarbage(reference.offset);
    }
  }

  size_t garbage() const { return head().garbage; }
  size_t size() const { return StateSize(state_) - head().begin; }

  // Slides the live blocks together, in their order, and shortens the state.
  void Collect();

 private:
  HeapHead head() const { return LoadHeapHead(state_, plan_); }
  uint8_t* At(uint32_t offset) const { return state_ + head().begin + offset; }
  uint32_t CapacityOf(Reference reference) const {
    return LoadLe<BlockHead>(At(reference.offset) - sizeof(BlockHead)).capacity;
  }
  uint32_t Append(size_t need) {
    const size_t size = StateSize(state_);
    StoreLe(state_ + size, BlockHead{static_cast<uint32_t>(need - sizeof(BlockHead)), 0});
    SetStateSize(state_, size + need);
    return static_cast<uint32_t>(size - head().begin + sizeof(BlockHead));
  }
  void AddGarbage(uint32_t offset) {
    HeapHead changed = head();
    changed.garbage += static_cast<uint32_t>(sizeof(BlockHead)) + CapacityOf({offset, 0});
    StoreLe(state_ + plan_.heap_head_at, changed);
  }

  uint8_t* state_;
  const KernelPlan& plan_;
};

}  // namespace skewless
