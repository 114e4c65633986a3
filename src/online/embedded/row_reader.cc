#include "online/embedded/row_reader.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "kernel/state.h"

namespace skewless::embedded {

void RowReader::PrefetchBlock(uint64_t hash) const {
  const auto* segment =
      At<Segment>(UnitOf(EntryOf(directory(), hash)->load(std::memory_order_acquire)));
  uint32_t at = hash % kSegmentSlots;
  for (uint32_t probes = 0; probes < 16; ++probes, at = (at + 1) % kSegmentSlots) {
    const Slot& slot = segment->slots[at];
    const uint64_t versions = slot.versions.load(std::memory_order_acquire);
    if (versions == 0) return;
    if (slot.hash.load(std::memory_order_relaxed) != hash) continue;
    const auto* block = At<uint8_t>(NewestOf(versions));
    for (size_t line = 0; line < 8; ++line) __builtin_prefetch(block + line * 64);
    return;
  }
}

RowOutcome RowReader::Read(ByteView key, Timestamp t, StateBuffer* buffer, RowState* row) const {
  constexpr int kPatience = 100;
  RowOutcome outcome = RowOutcome::kMissing;
  for (int tries = 1; ReadOnce(key, t, buffer, row, &outcome) == Step::kAgain; ++tries) {
    // Who is changing the row may wait for this core.
    if (tries % kPatience == 0) std::this_thread::yield();
  }
  return outcome;
}

RowReader::Step RowReader::ReadOnce(ByteView key, Timestamp t, StateBuffer* buffer, RowState* row,
                                    RowOutcome* outcome) const {
  const uint64_t packed = directory();
  const SegmentEntry* entry_at = EntryOf(packed, row->hash);
  const uint64_t entry = entry_at->load(std::memory_order_acquire);
  const Position position{packed, entry, entry_at};
  const Segment* segment = At<Segment>(UnitOf(entry));
  for (;;) {
    uint32_t at = row->hash % kSegmentSlots;
    for (uint32_t probes = 0; probes < kSegmentSlots; ++probes, at = (at + 1) % kSegmentSlots) {
      const Slot& slot = segment->slots[at];
      const uint64_t versions = slot.versions.load(std::memory_order_acquire);
      if (versions == 0) break;
      if (slot.hash.load(std::memory_order_relaxed) != row->hash) continue;
      const Step step = ReadSlot(slot, versions, position, key, t, buffer, row, outcome);
      if (step != Step::kNextSlot) return step;
    }
    const uint32_t overflow = segment->overflow.load(std::memory_order_acquire);
    if (!StillThere(position)) return Step::kAgain;
    if (overflow == 0) break;
    segment = At<Segment>(overflow);
  }
  row->found = {};
  row->size = 0;
  *outcome = RowOutcome::kMissing;
  return Step::kDone;
}

RowReader::Step RowReader::ReadSlot(const Slot& slot, uint64_t versions, const Position& position,
                                    ByteView key, Timestamp t, StateBuffer* buffer, RowState* row,
                                    RowOutcome* outcome) const {
  const BlockHeader* newest = At<BlockHeader>(NewestOf(versions));
  const uint32_t version = newest->version.load(std::memory_order_acquire);
  if (version % 2 != 0) return Step::kAgain;
  const bool mine = HoldsKey(newest, key);
  if (mine && newest->stamp.load(std::memory_order_relaxed) <= t) {
    return Copy(NewestOf(versions), version, key.size(), buffer, row, outcome) ? Step::kDone
                                                                               : Step::kAgain;
  }
  LoadBarrier();
  if (slot.versions.load(std::memory_order_acquire) != versions ||
      newest->version.load(std::memory_order_acquire) != version || !StillThere(position)) {
    return Step::kAgain;
  }
  if (!mine) return Step::kNextSlot;
  if (PreviousOf(versions) == 0) {
    row->found = {};
    row->size = 0;
    *outcome = RowOutcome::kMissing;
    return Step::kDone;
  }
  const BlockHeader* previous = At<BlockHeader>(PreviousOf(versions));
  const uint32_t previous_version = previous->version.load(std::memory_order_acquire);
  if (previous_version % 2 == 0 && HoldsKey(previous, key) &&
      previous->stamp.load(std::memory_order_relaxed) <= t &&
      Copy(PreviousOf(versions), previous_version, key.size(), buffer, row, outcome)) {
    return Step::kDone;
  }
  *outcome = RowOutcome::kTooOld;
  return Step::kDone;
}

bool RowReader::HoldsKey(const BlockHeader* block, ByteView key) const {
  return block->key_size.load(std::memory_order_relaxed) == key.size() &&
         block->view == view_number_ && std::memcmp(KeyOf(block), key.data(), key.size()) == 0;
}

bool RowReader::Copy(uint32_t unit, uint32_t version, size_t key_size, StateBuffer* buffer,
                     RowState* row, RowOutcome* outcome) const {
  const BlockHeader* block = At<BlockHeader>(unit);
  const bool known = row->found.block == unit && row->found.version == version;
  if (!known) {
    const size_t offset = StateOffset(key_size);
    const uint8_t* state = reinterpret_cast<const uint8_t*>(block) + offset;
    // Of a block under reuse the size may be anything; the class of its place never changes.
    const size_t size = std::min<size_t>(
        __atomic_load_n(reinterpret_cast<const uint32_t*>(state + offsetof(StateHeader, size)),
                        __ATOMIC_RELAXED),
        kClassBytes[block->size_class] - offset);
    if (row->room < size) {
      row->offset = buffer->Reserve(size);
      row->room = size;
    }
    std::memcpy(buffer->at(row->offset), state, size);
    row->size = size;
  }
  LoadBarrier();
  if (block->version.load(std::memory_order_acquire) != version) {
    row->found = {};
    return false;
  }
  row->found = {unit, version};
  *outcome = known ? RowOutcome::kUnchanged : RowOutcome::kFound;
  return true;
}

}  // namespace skewless::embedded
