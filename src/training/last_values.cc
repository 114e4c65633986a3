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

void LastValues::Prefetch(const LabelIndex::Entity& entity) const {
  const Newest* const newest = &newest_[entity.number * values_.size()];
  for (size_t i = 0; i < values_.size(); i += 64 / sizeof(Newest)) skewless::Prefetch(newest + i);
  skewless::Prefetch(&seen_[entity.number]);
}

void LastValues::PrefetchAnswer(const LabelIndex::Entity& entity) const {
  labels_->PrefetchNext(entity);
  sheet_->Prefetch(entity.next);
}

void LastValues::Add(const ViewInput& input, StringArena* strings) {
  LookUpEntities(
      input, labels_,
      [&](size_t row, const LabelIndex::Entity& entity) {
        if (input.available_us[row] > entity.last_time) return;
        Prefetch(entity);
        if (input.available_us[row] > entity.next_time) PrefetchAnswer(entity);
      },
      [&](size_t row, LabelIndex::Entity* entity) {
        if (input.available_us[row] > entity->last_time) return;  // no label can see it
        AnswerBefore(input.available_us[row], entity, strings);
        Keep(input, row, entity->number);
      });
}

void LastValues::AnswerBefore(Timestamp t, LabelIndex::Entity* entity, StringArena* strings) {
  if (t <= entity->next_time) return;
  const uint32_t begin = entity->next;
  labels_->Pass(entity, t);
  Answer(entity->number, begin, entity->next, &scratch_, strings);
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

void LastValues::AnswerRest(size_t begin, size_t end, StringArena* strings) {
  constexpr size_t kAhead = 16;
  const auto slots = labels_->slots();
  Scratch scratch;
  for (size_t slot = begin; slot < end; ++slot) {
    if (slot + kAhead < end && slots[slot + kAhead].number != LabelIndex::kNone) {
      Prefetch(slots[slot + kAhead]);
      PrefetchAnswer(slots[slot + kAhead]);
    }
    const LabelIndex::Entity& entity = slots[slot];
    if (entity.number == LabelIndex::kNone) continue;
    Answer(entity.number, entity.next, labels_->end(entity.number), &scratch, strings);
  }
}

}  // namespace skewless
