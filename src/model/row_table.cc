#include "model/row_table.h"

#include <algorithm>

#include "base/check.h"

namespace skewless {

RowTable::Id RowTable::Find(uint32_t view, ByteView key, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  const uint64_t mixed = Mix(hash, view);
  for (size_t at = mixed >> shift_;; at = (at + 1) & mask) {
    at = Probe(at, TagOf(mixed));
    const Id id = slots_[at].id;
    if (id == kNone) return kNone;
    const Key& row = keys_[id];
    if (row.hash == hash && row.view == view && row.bytes == AsText(key)) return id;
  }
}

RowTable::Id RowTable::Add(uint32_t view, ByteView key, uint64_t hash) {
  if ((size() + 1) * 2 > slots_.size()) Grow();
  Id id = static_cast<Id>(keys_.size());
  if (free_.empty()) {
    keys_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  keys_[id].hash = hash;
  keys_[id].view = view;
  keys_[id].bytes.assign(AsText(key));
  const uint64_t mixed = Mix(hash, view);
  Place({id, TagOf(mixed)}, mixed >> shift_);
  return id;
}

void RowTable::Place(Slot slot, size_t home) {
  const size_t mask = slots_.size() - 1;
  size_t at = home;
  while (slots_[at].id != kNone) at = (at + 1) & mask;
  slots_[at] = slot;
}

void RowTable::Grow() {
  std::vector<Slot> before(slots_.size() * 2);
  before.swap(slots_);
  --shift_;
  for (const Slot& slot : before) {
    if (slot.id != kNone) Place(slot, MixOf(slot.id) >> shift_);
  }
}

// What stands behind the gap and may stand in it moves there, so that no probe ends too early.
void RowTable::Remove(Id id) {
  const size_t mask = slots_.size() - 1;
  size_t gap = MixOf(id) >> shift_;
  while (slots_[gap].id != id) {
    SKEWLESS_CHECK(slots_[gap].id != kNone);
    gap = (gap + 1) & mask;
  }
  for (size_t at = (gap + 1) & mask; slots_[at].id != kNone; at = (at + 1) & mask) {
    const size_t home = MixOf(slots_[at].id) >> shift_;
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    slots_[gap] = slots_[at];
    gap = at;
  }
  slots_[gap] = {};
  free_.push_back(id);
}

}  // namespace skewless
