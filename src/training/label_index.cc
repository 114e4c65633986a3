#include "training/label_index.h"

#include <algorithm>
#include <bit>

namespace skewless {

LabelIndex::LabelIndex(const KeyColumn& keys, const std::vector<Timestamp>& time_us) : keys_(keys) {
  const size_t labels = time_us.size();
  slots_.resize(std::bit_ceil(std::max<size_t>(16, labels * 2)));
  mask_ = slots_.size() - 1;
  std::vector<uint32_t> entity(labels, kNone);
  for (size_t label = 0; label < labels; ++label) {
    if (keys.valid[label] != 0) entity[label] = FindOrAdd(static_cast<uint32_t>(label));
  }
  first_.assign(entities_ + 1, 0);
  for (const uint32_t one : entity) {
    if (one != kNone) ++first_[one + 1];
  }
  for (uint32_t one = 0; one < entities_; ++one) first_[one + 1] += first_[one];
  labels_.resize(first_[entities_]);
  std::vector<uint32_t> next(first_.begin(), first_.end() - 1);
  for (size_t label = 0; label < labels; ++label) {
    if (entity[label] != kNone) labels_[next[entity[label]]++] = static_cast<uint32_t>(label);
  }
  last_time_.resize(entities_);
  for (uint32_t one = 0; one < entities_; ++one) {
    std::sort(labels_.begin() + first_[one], labels_.begin() + first_[one + 1],
              [&](uint32_t a, uint32_t b) {
                return time_us[a] != time_us[b] ? time_us[a] < time_us[b] : a < b;
              });
    last_time_[one] = time_us[labels_[first_[one + 1] - 1]];
  }
}

uint32_t LabelIndex::FindOrAdd(uint32_t label) {
  const uint64_t hash = keys_.hash[label];
  for (size_t slot = hash & mask_;; slot = (slot + 1) & mask_) {
    Slot& found = slots_[slot];
    if (found.entity == kNone) {
      found = {hash, entities_, label};
      return entities_++;
    }
    if (found.hash == hash && SameKey(found.label, keys_.key(label))) return found.entity;
  }
}

}  // namespace skewless
