#include "training/last_values.h"

#include <bit>

#include "base/check.h"
#include "training/entity_lookup.h"

namespace skewless {

LastValues::LastValues(const ViewKernel& kernel, std::vector<ViewKernel::LastValue> values,
                       LabelIndex* labels)
    : kernel_(kernel), values_(std::move(values)), labels_(labels) {
  SKEWLESS_CHECK(!values_.empty() && values_.size() <= kMaxLastValues);
  newest_.resize(values_.size() * labels_->positions());
  seen_.resize(labels_->positions());
}

uint32_t LastValues::Place(const LabelIndex::Entity& entity, Timestamp available_us) const {
  if (available_us > entity.last_time) return kNowhere;
  const uint32_t position = labels_->FirstLabelAt(entity, available_us);
  const Newest* const newest = &newest_[position * values_.size()];
  for (size_t i = 0; i < values_.size(); i += 64 / sizeof(Newest))
    __builtin_prefetch(newest + i, 1);
  __builtin_prefetch(&seen_[position], 1);
  return position;
}

void LastValues::Keep(const ViewInput& input, size_t row, uint32_t position) {
  Newest* const newest = &newest_[position * values_.size()];
  const Timestamp event = input.event_us[row];
  uint32_t seen = seen_[position] | 1;
  for (size_t i = 0; i < values_.size(); ++i) {
    const auto& value = values_[i];
    if (value.filter >= 0 && input.filters[static_cast<size_t>(value.filter)][row] == 0) continue;
    const Column& column = *input.arguments[static_cast<size_t>(value.argument)];
    if (column.valid[row] == 0) continue;
    const uint32_t bit = uint32_t{2} << i;
    if ((seen & bit) != 0 && event < newest[i].event_us) continue;
    newest[i] = {event, column.physical() == Physical::kDouble
                            ? std::bit_cast<uint64_t>(column.doubles[row])
                            : static_cast<uint64_t>(column.ints[row])};
    seen |= bit;
  }
  seen_[position] = seen;
}

// A block's rows are placed while those of the block before are kept.
void LastValues::Add(const ViewInput& input) {
  uint32_t positions[2][kLookupRows];
  size_t block = 0;
  size_t placed = 0;  // rows of the block before, which end at `begin`
  const auto keep = [&](size_t begin) {
    for (size_t i = 0; i < placed; ++i) {
      const uint32_t position = positions[block ^ 1][i];
      if (position == kNowhere) continue;
      Keep(input, begin + i, position);
      ++added_;
    }
  };
  LookUpEntities(input, labels_, [&](size_t begin, size_t end, const FoundEntities& found) {
    for (size_t i = 0; i < end - begin; ++i) {
      positions[block][i] =
          found[i] == nullptr ? kNowhere : Place(*found[i], input.available_us[begin + i]);
    }
    keep(begin - placed);
    placed = end - begin;
    block ^= 1;
  });
  keep(input.rows - placed);
}

LastValues::Reader::Reader(const LastValues& all)
    : all_(all),
      event_us_(all.values_.size()),
      raw_(all.values_.size()),
      present_(all.values_.size()) {}

void LastValues::Reader::Read(uint32_t position, Timestamp t, FeatureVector* out) {
  if (all_.labels_->is_first(position)) {
    found_ = false;
    std::fill(present_.begin(), present_.end(), uint8_t{0});
  }
  const Newest* const newest = &all_.newest_[position * raw_.size()];
  const uint32_t seen = all_.seen_[position];
  found_ |= (seen & 1) != 0;
  for (size_t i = 0; i < raw_.size(); ++i) {
    if ((seen & (uint32_t{2} << i)) == 0) continue;
    if (present_[i] != 0 && newest[i].event_us < event_us_[i]) continue;
    present_[i] = 1;
    event_us_[i] = newest[i].event_us;
    raw_[i] = newest[i].raw;
  }
  if (found_) {
    all_.kernel_.SetLastValues(t, all_.values_, raw_.data(), present_.data(), out);
  } else {
    all_.kernel_.Read({}, t, out);
  }
}

}  // namespace skewless
