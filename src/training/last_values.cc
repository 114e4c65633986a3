#include "training/last_values.h"

#include <bit>

#include "base/check.h"
#include "base/prefetch.h"
#include "training/entity_lookup.h"

namespace skewless {

LastValues::LastValues(const ViewKernel& kernel, std::vector<ViewKernel::LastValue> values,
                       LabelIndex* labels, AnswerSheet* sheet)
    : kernel_(kernel), values_(std::move(values)), labels_(labels), sheet_(sheet) {
  SKEWLESS_CHECK(!values_.empty() && values_.size() <= kMaxLastValues);
  newest_.resize(values_.size() * labels_->entity_count());
  seen_.resize(labels_->entity_count());
}

void LastValues::Keep(const ViewInput& input, size_t row, uint32_t entity) {
  Newest* const newest = &newest_[entity * values_.size()];
  const Timestamp event = input.event_us[row];
  uint32_t seen = seen_[entity] | 1;
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
  seen_[entity] = seen;
  ++added_;
}

void LastValues::Prefetch(uint32_t entity) const {
  const Newest* const newest = &newest_[entity * values_.size()];
  for (size_t i = 0; i < values_.size(); i += 64 / sizeof(Newest)) skewless::Prefetch(newest + i);
  skewless::Prefetch(&seen_[entity]);
}

void LastValues::PrefetchAnswer(uint32_t entity) const {
  const uint32_t next = labels_->next(entity);
  labels_->PrefetchTime(next);
  sheet_->Prefetch(next);
}

void LastValues::Add(const ViewInput& input, StringArena* strings) {
  LookUpEntities(
      input, *labels_, [](size_t, Timestamp bound) { return bound != kMaxTimestamp; },
      [&](const WantedRow& wanted) {
        const uint32_t entity = labels_->number(wanted.slot);
        Prefetch(entity);
        if (input.available_us[wanted.row] >= labels_->bound(wanted.slot))
          labels_->PrefetchNext(entity);
      },
      [&](const WantedRow& wanted) {
        if (input.available_us[wanted.row] >= labels_->bound(wanted.slot))
          PrefetchAnswer(labels_->number(wanted.slot));
      },
      [&](const WantedRow& wanted) {
        const auto& [row, slot] = wanted;
        if (input.available_us[row] >= labels_->bound(slot))
          AnswerBefore(input.available_us[row], slot, strings);
        if (labels_->bound(slot) == kMaxTimestamp) return;  // no label can see it
        Keep(input, row, labels_->number(slot));
      });
}

void LastValues::AnswerBefore(Timestamp t, LabelIndex::Slot slot, StringArena* strings) {
  const uint32_t entity = labels_->number(slot);
  const uint32_t begin = labels_->next(entity);
  labels_->Pass(slot, t);
  Answer(entity, begin, labels_->next(entity), &scratch_, strings);
}

// Labels at positions from `begin` to `end`, all of the entity. Without a record they stay
// NOT_FOUND, as the sheet has them.
void LastValues::Answer(uint32_t entity, uint32_t begin, uint32_t end, Scratch* scratch,
                        StringArena* strings) const {
  const uint32_t seen = seen_[entity];
  if (seen == 0) return;
  const Newest* const newest = &newest_[entity * values_.size()];
  scratch->raw.resize(values_.size());
  scratch->present.resize(values_.size());
  for (size_t i = 0; i < values_.size(); ++i) {
    scratch->raw[i] = newest[i].raw;
    scratch->present[i] = (seen & (uint32_t{2} << i)) != 0 ? 1 : 0;
  }
  for (uint32_t position = begin; position < end; ++position) {
    kernel_.SetLastValues(labels_->time(position), values_, scratch->raw.data(),
                          scratch->present.data(), &scratch->vector);
    sheet_->Write(position, scratch->vector, strings);
  }
}

void LastValues::AnswerRest(uint32_t begin, uint32_t end, StringArena* strings) const {
  constexpr uint32_t kAhead = 16;
  Scratch scratch;
  for (uint32_t entity = begin; entity < end; ++entity) {
    if (end - entity > kAhead) {
      Prefetch(entity + kAhead);
      PrefetchAnswer(entity + kAhead);
    }
    Answer(entity, labels_->next(entity), labels_->end(entity), &scratch, strings);
  }
}

}  // namespace skewless
