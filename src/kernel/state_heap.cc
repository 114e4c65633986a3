#include "kernel/state_heap.h"

namespace skewless {

void StateHeap::Collect() {
  HeapHead changed = head();
  uint8_t* heap = state_ + changed.begin;
  // First every live block learns where its reference lies, so that one walk over the heap can move
  // blocks and mend references without any memory of its own.
  ForEachReference(state_, plan_, [&](uint8_t* slot) {
    const auto reference = LoadLe<Reference>(slot);
    if (reference.offset == 0) return;
    uint8_t* block = heap + reference.offset - sizeof(BlockHead);
    auto block_head = LoadLe<BlockHead>(block);
    block_head.owner = static_cast<uint32_t>(slot - state_);
    StoreLe(block, block_head);
  });
  const size_t end = size();
  size_t to = 0;
  for (size_t from = 0; from < end;) {
    const auto block_head = LoadLe<BlockHead>(heap + from);
    const size_t block_size = sizeof(BlockHead) + block_head.capacity;
    if (block_head.owner != 0) {
      uint8_t* slot = state_ + block_head.owner;
      auto reference = LoadLe<Reference>(slot);
      reference.offset = static_cast<uint32_t>(to + sizeof(BlockHead));
      StoreLe(slot, reference);
      StoreLe(heap + from, BlockHead{block_head.capacity, 0});
      if (to != from) std::memmove(heap + to, heap + from, block_size);
      to += block_size;
    }
    from += block_size;
  }
  changed.garbage = 0;
  StoreLe(state_ + plan_.heap_head_at, changed);
  SetStateSize(state_, changed.begin + to);
}

}  // namespace skewless
