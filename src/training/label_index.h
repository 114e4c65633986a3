// The entities that labels ask for and each entity's labels in order of time. A history record that
// no label can see is dropped at the first look: beside each entity stands a time that tells.
//
// Entities are numbered. Where their keys are numbers that lie densely, a key's distance from the
// least one is its entity's number, and there is nothing to search; else a hash table has them, in
// the order in which labels first name them. Labels are put in order of entity, then time; a
// label's place in that order is its position.
#pragma once

#include <algorithm>
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
  // What stands beside each entity.
  enum class Bound : uint8_t {
    // The time of the first label that Pass has not gone by; kMaxTimestamp where none is left, and
    // a label at that very time has one less. At first it is kMinTimestamp: the first record has to
    // Pass.
    kNextLabel,
    kLastLabel,  // the time of the last label; kMinTimestamp where there is none
  };

  // Of more, an entity's place would not fit in a Slot.
  static constexpr int64_t kMostLabels = 1'500'000'000;
  // `keys` outlives the index and has no more than kMostLabels.
  LabelIndex(const KeyColumn& keys, const std::vector<Timestamp>& time_us, Bound bound);

  // Where an entity stands in the table. Any key has a slot: that of nobody where no label asks.
  using Slot = uint32_t;
  static constexpr uint32_t kNone = UINT32_MAX;
  Slot Find(uint64_t hash, ByteView key) const {
    if (is_dense_) return DenseSlot(key);
    return tag_is_key_ ? Probe<true>(hash, key) : Probe<false>(hash, key);
  }
  void Prefetch(uint64_t hash, ByteView key) const {
    if (is_dense_) return skewless::Prefetch(&bounds_[DenseSlot(key)]);
    skewless::Prefetch(&tags_[hash & mask_]);
    skewless::Prefetch(&bounds_[hash & mask_]);
  }
  Timestamp bound(Slot slot) const { return bounds_[slot]; }
  // Or kNone.
  uint32_t number(Slot slot) const {
    if (is_dense_) return slot < entities_ ? slot : kNone;
    return numbers_[slot];
  }

  // What Pass looks at beside the bound, once `next` is there.
  void PrefetchNext(uint32_t number) const {
    skewless::Prefetch(&next_[number]);
    skewless::Prefetch(&begins_[number]);
  }
  // Goes by the entity's labels before `t`, which ascends from call to call: each is gone by but
  // once. Of an index of next labels.
  void Pass(Slot slot, Timestamp t) {
    const uint32_t entity = number(slot);
    if (entity == kNone) return;
    uint32_t next = next_[entity];
    const uint32_t behind = end(entity);
    while (next < behind && times_[next] < t) ++next;
    next_[entity] = next;
    bounds_[slot] = next < behind ? std::min(times_[next], kMaxTimestamp - 1) : kMaxTimestamp;
  }
  // The entity's first label that Pass has not gone by.
  uint32_t next(uint32_t number) const { return next_[number]; }

  // Some of them may have no labels.
  uint32_t entity_count() const { return entities_; }
  uint32_t positions() const { return static_cast<uint32_t>(labels_.size()); }
  // By position: the label (a row of the label columns) and its time.
  uint32_t label(uint32_t position) const { return labels_[position]; }
  Timestamp time(uint32_t position) const { return times_[position]; }
  std::span<const Timestamp> times(uint32_t position, uint32_t count) const {
    return {times_.data() + position, count};
  }
  void PrefetchTime(uint32_t position) const { skewless::Prefetch(times_.data() + position); }
  // By label: its position, or kNoPosition where its key is null.
  static constexpr uint32_t kNoPosition = UINT32_MAX;
  std::vector<uint32_t> PositionsOfLabels() const;
  // An entity's labels are those at positions from begin(number) to end(number).
  uint32_t begin(uint32_t number) const { return begins_[number]; }
  uint32_t end(uint32_t number) const { return begins_[number + 1]; }

 private:
  // The last slot, which no entity has.
  Slot nobody() const { return static_cast<Slot>(bounds_.size() - 1); }
  // Where it stands that looks like an empty slot: behind those that are probed.
  Slot zero_slot() const { return static_cast<Slot>(mask_ + 1); }

  Slot DenseSlot(ByteView key) const {
    if (key.size() != sizeof(uint64_t)) return nobody();
    return static_cast<Slot>(
        std::min<uint64_t>(LoadLe<uint64_t>(key.data()) - least_key_, entities_));
  }
  template <bool kTagIsKey>
  Slot Probe(uint64_t hash, ByteView key) const {
    if (kTagIsKey && key.size() != sizeof(uint64_t)) return nobody();
    const uint64_t tag = kTagIsKey ? LoadLe<uint64_t>(key.data()) : TagOf(hash);
    if (tag == 0) return numbers_[zero_slot()] == kNone ? nobody() : zero_slot();
    for (size_t slot = hash & mask_;; slot = (slot + 1) & mask_) {
      if (tags_[slot] == 0) return nobody();
      if (tags_[slot] == tag && (kTagIsKey || SameKey(labels_[begins_[numbers_[slot]]], key)))
        return static_cast<Slot>(slot);
    }
  }
  static uint64_t TagOf(uint64_t hash) { return hash == 0 ? 1 : hash; }
  bool SameKey(uint32_t label, ByteView key) const {
    const ByteView known = keys_.key(label);
    return known.size() == key.size() && std::memcmp(known.data(), key.data(), key.size()) == 0;
  }

  bool NumberDensely(std::vector<uint32_t>* entity_of);
  void NumberByHash(std::vector<uint32_t>* entity_of);
  uint32_t FindOrAdd(uint32_t label, std::vector<uint32_t>* first_label);
  void MakeSlots(size_t slots);
  void Grow(const std::vector<uint32_t>& first_label);
  void PlaceLabels(const std::vector<uint32_t>& entity_of, const std::vector<Timestamp>& time_us);
  void SetBounds(Bound bound);

  const KeyColumn& keys_;
  bool is_dense_ = false;
  uint64_t least_key_ = 0;
  // The hash table: by slot, a key's eight bytes where all keys have eight, else its hash; 0 is an
  // empty slot. Behind those that are probed: the key that is 0 itself, and nobody.
  bool tag_is_key_ = false;
  size_t mask_ = 0;
  HugeVector<uint64_t> tags_;
  HugeVector<uint32_t> numbers_;

  HugeVector<Timestamp> bounds_;  // by slot
  uint32_t entities_ = 0;
  HugeVector<uint32_t> labels_;
  HugeVector<Timestamp> times_;
  HugeVector<uint32_t> begins_;  // by entity, and one past the last
  HugeVector<uint32_t> next_;    // by entity
};

}  // namespace skewless
