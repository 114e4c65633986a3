#include "training/label_index.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>
#include <utility>

namespace skewless {
namespace {

constexpr size_t kFirstSlots = 1024;
constexpr size_t kAhead = 16;
// Numbers lie densely where at least one in so many has labels, or where they are few anyway.
constexpr uint64_t kSparsest = 2;
constexpr uint64_t kFew = 1024;

bool AllHaveEightBytes(const KeyColumn& keys) {
  for (size_t label = 0; label < keys.valid.size(); ++label) {
    if (keys.valid[label] != 0 && keys.key(label).size() != sizeof(uint64_t)) return false;
  }
  return true;
}

// Calls `visit(label, its key as a number)` for each label with a key.
template <typename Visit>
void ForEachNumber(const KeyColumn& keys, const Visit& visit) {
  for (size_t label = 0; label < keys.valid.size(); ++label) {
    if (keys.valid[label] != 0) visit(label, LoadLe<int64_t>(keys.key(label).data()));
  }
}

}  // namespace

LabelIndex::LabelIndex(const KeyColumn& keys, const std::vector<Timestamp>& time_us, Bound bound)
    : keys_(keys), tag_is_key_(AllHaveEightBytes(keys)) {
  std::vector<uint32_t> entity_of(time_us.size(), kNone);
  is_dense_ = tag_is_key_ && NumberDensely(&entity_of);
  if (!is_dense_) NumberByHash(&entity_of);
  PlaceLabels(entity_of, time_us);
  SetBounds(bound);
}

bool LabelIndex::NumberDensely(std::vector<uint32_t>* entity_of) {
  int64_t least = std::numeric_limits<int64_t>::max(), greatest = 0;
  bool any = false;
  ForEachNumber(keys_, [&](size_t, int64_t key) {
    greatest = any ? std::max(greatest, key) : key;
    least = std::min(least, key);
    any = true;
  });
  if (!any) return false;
  const auto base = static_cast<uint64_t>(least);
  const uint64_t most = static_cast<uint64_t>(greatest) - base;  // the greatest number
  if (most / kSparsest >= entity_of->size() + kFew) return false;
  std::vector<uint64_t> has_labels(most / 64 + 1);
  ForEachNumber(keys_, [&](size_t, int64_t key) {
    const uint64_t number = static_cast<uint64_t>(key) - base;
    has_labels[number / 64] |= uint64_t{1} << (number % 64);
  });
  uint64_t entities = 0;
  for (const uint64_t bits : has_labels) entities += static_cast<uint64_t>(std::popcount(bits));
  if (most / kSparsest >= entities + kFew || most >= kNone - 1) return false;
  ForEachNumber(keys_, [&](size_t label, int64_t key) {
    (*entity_of)[label] = static_cast<uint32_t>(static_cast<uint64_t>(key) - base);
  });
  least_key_ = base;
  entities_ = static_cast<uint32_t>(most + 1);
  return true;
}

void LabelIndex::NumberByHash(std::vector<uint32_t>* entity_of) {
  MakeSlots(kFirstSlots);
  std::vector<uint32_t> first_label;  // by entity
  for (size_t label = 0; label < entity_of->size(); ++label) {
    if (label + kAhead < entity_of->size()) {
      skewless::Prefetch(&tags_[keys_.hash[label + kAhead] & mask_]);
      skewless::Prefetch(&numbers_[keys_.hash[label + kAhead] & mask_]);
    }
    if (keys_.valid[label] == 0) continue;
    (*entity_of)[label] = FindOrAdd(static_cast<uint32_t>(label), &first_label);
  }
}

void LabelIndex::MakeSlots(size_t slots) {
  mask_ = slots - 1;
  tags_.assign(slots, 0);
  numbers_.assign(slots + 2, kNone);
}

uint32_t LabelIndex::FindOrAdd(uint32_t label, std::vector<uint32_t>* first_label) {
  const uint64_t hash = keys_.hash[label];
  const ByteView key = keys_.key(label);
  const uint64_t tag = tag_is_key_ ? LoadLe<uint64_t>(key.data()) : TagOf(hash);
  size_t slot = zero_slot();
  if (tag != 0) {
    slot = hash & mask_;
    while (tags_[slot] != 0 && (tags_[slot] != tag ||
                                (!tag_is_key_ && !SameKey((*first_label)[numbers_[slot]], key)))) {
      slot = (slot + 1) & mask_;
    }
    tags_[slot] = tag;
  }
  if (numbers_[slot] != kNone) return numbers_[slot];
  numbers_[slot] = entities_++;
  first_label->push_back(label);
  if (entities_ > (mask_ + 1) / 10 * 7) Grow(*first_label);
  return entities_ - 1;
}

void LabelIndex::Grow(const std::vector<uint32_t>& first_label) {
  HugeVector<uint64_t> tags;
  HugeVector<uint32_t> numbers;
  tags.swap(tags_);
  numbers.swap(numbers_);
  MakeSlots(tags.size() * 2);
  numbers_[zero_slot()] = numbers[tags.size()];
  for (size_t from = 0; from < tags.size(); ++from) {
    if (tags[from] == 0) continue;
    size_t slot = keys_.hash[first_label[numbers[from]]] & mask_;
    while (tags_[slot] != 0) slot = (slot + 1) & mask_;
    tags_[slot] = tags[from];
    numbers_[slot] = numbers[from];
  }
}

void LabelIndex::PlaceLabels(const std::vector<uint32_t>& entity_of,
                             const std::vector<Timestamp>& time_us) {
  begins_.assign(size_t{entities_} + 1, 0);
  for (const uint32_t entity : entity_of) {
    if (entity != kNone) ++begins_[entity + 1];
  }
  for (uint32_t entity = 0; entity < entities_; ++entity) begins_[entity + 1] += begins_[entity];
  const uint32_t positions = begins_[entities_];
  next_.assign(begins_.begin(), begins_.end() - 1);
  HugeVector<std::pair<Timestamp, uint32_t>> ordered(positions);
  for (size_t label = 0; label < entity_of.size(); ++label) {
    if (entity_of[label] == kNone) continue;
    ordered[next_[entity_of[label]]++] = {time_us[label], static_cast<uint32_t>(label)};
  }
  for (uint32_t entity = 0; entity < entities_; ++entity)
    std::sort(ordered.begin() + begins_[entity], ordered.begin() + begins_[entity + 1]);
  std::copy(begins_.begin(), begins_.end() - 1, next_.begin());
  labels_.resize(positions);
  times_.resize(positions);
  for (uint32_t position = 0; position < positions; ++position)
    std::tie(times_[position], labels_[position]) = ordered[position];
}

void LabelIndex::SetBounds(Bound bound) {
  const size_t slots = is_dense_ ? entities_ : numbers_.size() - 1;
  const Timestamp none = bound == Bound::kNextLabel ? kMaxTimestamp : kMinTimestamp;
  bounds_.assign(slots + 1, none);
  for (size_t slot = 0; slot < slots; ++slot) {
    const uint32_t entity = number(static_cast<Slot>(slot));
    if (entity == kNone || begin(entity) == end(entity)) continue;
    bounds_[slot] = bound == Bound::kNextLabel ? kMinTimestamp : times_[end(entity) - 1];
  }
}

std::vector<uint32_t> LabelIndex::PositionsOfLabels() const {
  std::vector<uint32_t> position_of(keys_.valid.size(), kNoPosition);
  for (uint32_t position = 0; position < positions(); ++position)
    position_of[labels_[position]] = position;
  return position_of;
}

}  // namespace skewless
