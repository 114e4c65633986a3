#include "training/label_index.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace skewless {
namespace {

constexpr size_t kFirstSlots = 1024;
constexpr size_t kAhead = 16;

bool AllHaveEightBytes(const KeyColumn& keys, size_t labels) {
  for (size_t label = 0; label < labels; ++label) {
    if (keys.valid[label] != 0 && keys.key(label).size() != sizeof(uint64_t)) return false;
  }
  return true;
}

}  // namespace

LabelIndex::LabelIndex(const KeyColumn& keys, const std::vector<Timestamp>& time_us) : keys_(keys) {
  const size_t labels = time_us.size();
  tag_is_key_ = AllHaveEightBytes(keys, labels);
  slots_.resize(kFirstSlots);
  mask_ = slots_.size() - 1;
  std::vector<uint32_t> entity_of(labels, kNone);
  std::vector<uint32_t> first_label;  // by entity, while the table is built
  for (size_t label = 0; label < labels; ++label) {
    if (label + kAhead < labels) Prefetch(keys.hash[label + kAhead]);
    if (keys.valid[label] == 0) continue;
    entity_of[label] = FindOrAdd(static_cast<uint32_t>(label), &first_label);
  }
  PlaceLabels(entity_of, time_us);
}

uint32_t LabelIndex::FindOrAdd(uint32_t label, std::vector<uint32_t>* first_label) {
  const uint64_t hash = keys_.hash[label];
  const ByteView key = keys_.key(label);
  const uint64_t tag = tag_is_key_ ? LoadLe<uint64_t>(key.data()) : hash;
  for (size_t slot = hash & mask_;; slot = (slot + 1) & mask_) {
    Entity& found = slots_[slot];
    if (found.number == kNone) {
      found.tag = tag;
      found.number = entities_;
      first_label->push_back(label);
      // The hash is needed once more when the table grows.
      found.next_time = static_cast<Timestamp>(hash);
      if (++entities_ > slots_.size() / 10 * 7) Grow();
      return entities_ - 1;
    }
    if (found.tag == tag && (tag_is_key_ || SameKey((*first_label)[found.number], key))) {
      return found.number;
    }
  }
}

void LabelIndex::Grow() {
  HugeVector<Entity> old(slots_.size() * 2);
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  for (const Entity& entity : old) {
    if (entity.number == kNone) continue;
    size_t slot = static_cast<uint64_t>(entity.next_time) & mask_;
    while (slots_[slot].number != kNone) slot = (slot + 1) & mask_;
    slots_[slot] = entity;
  }
}

void LabelIndex::PlaceLabels(const std::vector<uint32_t>& entity_of,
                             const std::vector<Timestamp>& time_us) {
  begins_.assign(entities_ + 1, 0);
  for (const uint32_t entity : entity_of) {
    if (entity != kNone) ++begins_[entity + 1];
  }
  for (uint32_t entity = 0; entity < entities_; ++entity) begins_[entity + 1] += begins_[entity];
  const uint32_t positions = begins_[entities_];
  std::vector<uint32_t> next(begins_.begin(), begins_.end() - 1);
  HugeVector<std::pair<Timestamp, uint32_t>> ordered(positions);
  for (size_t label = 0; label < entity_of.size(); ++label) {
    if (entity_of[label] == kNone) continue;
    ordered[next[entity_of[label]]++] = {time_us[label], static_cast<uint32_t>(label)};
  }
  for (uint32_t entity = 0; entity < entities_; ++entity)
    std::sort(ordered.begin() + begins_[entity], ordered.begin() + begins_[entity + 1]);
  labels_.resize(positions);
  times_.resize(positions);
  for (uint32_t position = 0; position < positions; ++position)
    std::tie(times_[position], labels_[position]) = ordered[position];
  for (Entity& entity : slots_) {
    if (entity.number == kNone) continue;
    entity.next = begins_[entity.number];
    entity.next_time = times_[entity.next];
    entity.last_time = times_[begins_[entity.number + 1] - 1];
  }
}

std::vector<uint32_t> LabelIndex::PositionsOfLabels() const {
  std::vector<uint32_t> position_of(keys_.valid.size(), kNoPosition);
  for (uint32_t position = 0; position < positions(); ++position)
    position_of[labels_[position]] = position;
  return position_of;
}

}  // namespace skewless
