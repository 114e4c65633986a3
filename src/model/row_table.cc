#include "model/row_table.h"

#include <algorithm>

#include "base/check.h"

namespace skewless {

RowTable::Id RowTable::Find(uint32_t view, ByteView key, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t at = Mix(hash, view) >> shift_;; at = (at + 1) & mask) {
    const Id id = slots_[at];
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
  Place(id);
  return id;
}

void RowTable::Place(Id id) {
  const size_t mask = slots_.size() - 1;
  size_t at = HomeOf(id);
  while (slots_[at] != kNone) at = (at + 1) & mask;
  slots_[at] = id;
}

void RowTable::Grow() {
  std::vector<Id> before(slots_.size() * 2, kNone);
  before.swap(slots_);
  --shift_;
  for (const Id id : before) {
    if (id != kNone) Place(id);
  }
}

// What stands behind the gap and may stand in it moves there, so that no probe ends too early.
void RowTable::Remove(Id id) {
  const size_t mask = slots_.size() - 1;
  size_t gap = HomeOf(id);
  while (slots_[gap] != id) {
    SKEWLESS_CHECK(slots_[gap] != kNone);
    gap = (gap + 1) & mask;
  }
  for (size_t at = (gap + 1) & mask; slots_[at] != kNone; at = (at + 1) & mask) {
    const size_t home = HomeOf(slots_[at]);
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    slots_[gap] = slots_[at];
    gap = at;
  }
  slots_[gap] = kNone;
  free_.push_back(id);
}

}  // namespace skewless
