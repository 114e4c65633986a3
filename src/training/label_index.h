// The entities that labels ask for, numbered densely, and each entity's labels in order of time. A
// history record of any other entity is dropped at the first probe.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"
#include "model/key.h"

namespace skewless {

class LabelIndex {
 public:
  // `keys` outlives the index.
  LabelIndex(const KeyColumn& keys, const std::vector<Timestamp>& time_us);

  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t entity_count() const { return entities_; }
  // The entity's number, or kNone.
  uint32_t Find(uint64_t hash, ByteView key) const {
    for (size_t slot = hash & mask_;; slot = (slot + 1) & mask_) {
      const Slot& found = slots_[slot];
      if (found.entity == kNone) return kNone;
      if (found.hash == hash && SameKey(found.label, key)) return found.entity;
    }
  }
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&slots_[hash & mask_]); }
  // The latest time that any of the entity's labels asks for.
  Timestamp last_time(uint32_t entity) const { return last_time_[entity]; }
  // The entity's labels (rows of the label columns), ascending by time.
  const uint32_t* begin(uint32_t entity) const { return labels_.data() + first_[entity]; }
  const uint32_t* end(uint32_t entity) const { return labels_.data() + first_[entity + 1]; }

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t entity = kNone;
    uint32_t label = 0;
  };
  bool SameKey(uint32_t label, ByteView key) const {
    const ByteView known = keys_.key(label);
    return known.size() == key.size() && std::memcmp(known.data(), key.data(), key.size()) == 0;
  }
  uint32_t FindOrAdd(uint32_t label);

  const KeyColumn& keys_;
  std::vector<Slot> slots_;
  size_t mask_ = 0;
  uint32_t entities_ = 0;
  std::vector<uint32_t> labels_;  // grouped by entity
  std::vector<uint32_t> first_;   // by entity, and one past the last
  std::vector<Timestamp> last_time_;
};

}  // namespace skewless
