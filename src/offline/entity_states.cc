#include "offline/entity_states.h"

#include <algorithm>

#include "kernel/growing_state.h"

namespace skewless {

size_t EntityStates::SlotOf(uint64_t hash, ByteView key) const {
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    if (slots_[slot].entity == UINT32_MAX) return slot;
    if (slots_[slot].hash != hash) continue;
    const Bytes& known = entities_[slots_[slot].entity].key;
    if (known.size() == key.size() && std::equal(known.begin(), known.end(), key.begin()))
      return slot;
  }
}

void EntityStates::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& one : old) {
    if (one.entity == UINT32_MAX) continue;
    size_t slot = one.hash & mask;
    while (slots_[slot].entity != UINT32_MAX) slot = (slot + 1) & mask;
    slots_[slot] = one;
  }
}

void EntityStates::Fold(const ViewInput& input, size_t row) {
  const ByteView key = input.keys.key(row);
  const uint64_t hash = input.keys.hash[row];
  size_t slot = SlotOf(hash, key);
  if (slots_[slot].entity == UINT32_MAX) {
    if (entities_.size() * 2 >= slots_.size()) {
      Grow();
      slot = SlotOf(hash, key);
    }
    slots_[slot] = {hash, static_cast<uint32_t>(entities_.size())};
    Entity& made = entities_.emplace_back();
    made.key.assign(key.begin(), key.end());
    InitState(kernel_, &made.state);
  }
  FoldRow(kernel_, input, row, &entities_[slots_[slot].entity].state);
}

ByteView EntityStates::Find(uint64_t hash, ByteView key) const {
  const Slot& slot = slots_[SlotOf(hash, key)];
  if (slot.entity == UINT32_MAX) return {};
  return StateBytes(entities_[slot.entity].state);
}

}  // namespace skewless
