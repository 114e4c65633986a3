// The entities that labels ask for and each entity's labels in order of time. A history record of
// any other entity is dropped at the first probe.
//
// Labels are put in order of entity, then time; a label's place in that order is its position, and
// an entity is known by the position of its first label.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/key.h"
#include "training/huge_pages.h"

namespace skewless {

class LabelIndex {
 public:
  // `keys` outlives the index.
  LabelIndex(const KeyColumn& keys, const std::vector<Timestamp>& time_us);

  // All that a probe needs, in half a cache line.
  struct Entity {
    uint64_t tag = 0;  // of the key: its eight bytes where all keys have eight, else its hash
    uint32_t first = 0;
    uint32_t count : 31 = 0;  // of labels; 0: an empty slot
    uint32_t mark : 1 = 0;    // for whoever goes through the history
    Timestamp first_time = 0, last_time = 0;
  };

  // Null where no label asks for the entity.
  Entity* Find(uint64_t hash, ByteView key) {
    if (tag_is_key_ && key.size() != sizeof(uint64_t)) return nullptr;
    const uint64_t tag = tag_is_key_ ? LoadLe<uint64_t>(key.data()) : hash;
    for (size_t slot = hash & mask_;; slot = (slot + 1) & mask_) {
      Entity& found = slots_[slot];
      if (found.count == 0) return nullptr;
      if (found.tag == tag && (tag_is_key_ || SameKey(labels_[found.first], key))) return &found;
    }
  }
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&slots_[hash & mask_], 1); }

  // What FirstLabelAt looks at beside the entity itself.
  void PrefetchTimes(const Entity& entity) const {
    if (entity.count > 2) __builtin_prefetch(&times_[entity.first]);
  }

  uint32_t entity_count() const { return entities_; }
  uint32_t positions() const { return static_cast<uint32_t>(labels_.size()); }
  // By position: the label (a row of the label columns) and its time.
  uint32_t label(uint32_t position) const { return labels_[position]; }
  Timestamp time(uint32_t position) const { return times_[position]; }
  // By label: its position, or kNoPosition where its key is null.
  static constexpr uint32_t kNoPosition = UINT32_MAX;
  std::vector<uint32_t> PositionsOfLabels() const;
  // Whether the position is an entity's first, and then one past the entity's last.
  bool is_first(uint32_t position) const { return ends_[position] != 0; }
  uint32_t end(uint32_t first) const { return ends_[first]; }
  // The entity's first label at or after `t`; one past its last if there is none.
  uint32_t FirstLabelAt(const Entity& entity, Timestamp t) const {
    if (t <= entity.first_time) return entity.first;
    if (t > entity.last_time) return entity.first + entity.count;
    if (entity.count == 2) return entity.first + 1;
    const Timestamp* const begin = times_.data() + entity.first;
    if (entity.count <= kFewLabels) {
      // Where it ends is anyone's guess, so no branch depends on it.
      uint32_t before = 1;
      for (uint32_t i = 1; i < entity.count; ++i)
        before += static_cast<uint32_t>(begin[i] < t ? 1 : 0);
      return entity.first + before;
    }
    return static_cast<uint32_t>(std::lower_bound(begin, begin + entity.count, t) - times_.data());
  }

 private:
  static constexpr uint32_t kFewLabels = 16;
  bool SameKey(uint32_t label, ByteView key) const {
    const ByteView known = keys_.key(label);
    return known.size() == key.size() && std::memcmp(known.data(), key.data(), key.size()) == 0;
  }
  uint32_t FindOrAdd(uint32_t label, std::vector<uint32_t>* first_label);
  void Grow();
  void PlaceLabels(const std::vector<uint32_t>& entity_of, const std::vector<Timestamp>& time_us);

  const KeyColumn& keys_;
  bool tag_is_key_ = false;
  HugeVector<Entity> slots_;
  size_t mask_ = 0;
  uint32_t entities_ = 0;
  HugeVector<uint32_t> labels_;
  HugeVector<Timestamp> times_;
  HugeVector<uint32_t> ends_;  // 0 where the position is no entity's first
};

}  // namespace skewless
