// The entities that labels ask for and each entity's labels in order of time. A history record of
// any other entity is dropped at the first probe.
//
// Entities are numbered in the order in which labels first name them. Labels are put in order of
// entity, then time; a label's place in that order is its position.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/prefetch.h"
#include "base/time.h"
#include "model/key.h"
#include "training/huge_pages.h"

namespace skewless {

class LabelIndex {
 public:
  // `keys` outlives the index.
  LabelIndex(const KeyColumn& keys, const std::vector<Timestamp>& time_us);

  // All that a record needs, in half a cache line.
  static constexpr uint32_t kNone = (uint32_t{1} << 31) - 1;
  struct Entity {
    uint64_t tag = 0;  // of the key: its eight bytes where all keys have eight, else its hash
    uint32_t number : 31 = kNone;  // kNone: an empty slot
    uint32_t mark : 1 = 0;         // for whoever goes through the history
    uint32_t next = 0;             // the first label that Pass has not gone by
    Timestamp next_time = 0;       // its time; kMaxTimestamp where none is left
    Timestamp last_time = 0;       // of its last label
  };

  // Null where no label asks for the entity.
  Entity* Find(uint64_t hash, ByteView key) {
    if (tag_is_key_ && key.size() != sizeof(uint64_t)) return nullptr;
    const uint64_t tag = tag_is_key_ ? LoadLe<uint64_t>(key.data()) : hash;
    for (size_t slot = hash & mask_;; slot = (slot + 1) & mask_) {
      Entity& found = slots_[slot];
      if (found.number == kNone) return nullptr;
      if (found.tag == tag && (tag_is_key_ || SameKey(labels_[begins_[found.number]], key)))
        return &found;
    }
  }
  void Prefetch(uint64_t hash) const { skewless::Prefetch(&slots_[hash & mask_]); }

  // What Pass looks at beside the entity itself.
  void PrefetchNext(const Entity& entity) const {
    skewless::Prefetch(times_.data() + entity.next);
    skewless::Prefetch(&begins_[entity.number]);
  }
  // Goes by the labels before `t`, which ascends from call to call: each is gone by but once.
  void Pass(Entity* entity, Timestamp t) const {
    const uint32_t behind = end(entity->number);
    while (entity->next < behind && times_[entity->next] < t) ++entity->next;
    entity->next_time = entity->next < behind ? times_[entity->next] : kMaxTimestamp;
  }

  uint32_t entity_count() const { return entities_; }
  uint32_t positions() const { return static_cast<uint32_t>(labels_.size()); }
  // By position: the label (a row of the label columns) and its time.
  uint32_t label(uint32_t position) const { return labels_[position]; }
  Timestamp time(uint32_t position) const { return times_[position]; }
  // By label: its position, or kNoPosition where its key is null.
  static constexpr uint32_t kNoPosition = UINT32_MAX;
  std::vector<uint32_t> PositionsOfLabels() const;
  // An entity's labels are those at positions from begin(number) to end(number).
  uint32_t begin(uint32_t number) const { return begins_[number]; }
  uint32_t end(uint32_t number) const { return begins_[number + 1]; }

  // The table's slots, in no order; some are empty.
  std::span<Entity> slots() { return slots_; }

 private:
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
  std::vector<uint32_t> begins_;  // by entity, and one past the last
};

}  // namespace skewless
