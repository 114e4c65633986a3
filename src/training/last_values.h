// The join of a view of which only last values are asked: no record is kept. Records come in the
// order of availability, and so an entity needs only the newest values so far: whenever a record
// became available after the entity's next label, that label is answered from them first.
#pragma once

#include <vector>

#include "kernel/view_kernel.h"
#include "training/answer_sheet.h"
#include "training/label_index.h"

namespace skewless {

class LastValues {
 public:
  // `values`: see ViewKernel::IsLastValuesOnly. `labels`: an index of next labels. `sheet` takes
  // the answers. All outlive it.
  LastValues(const ViewKernel& kernel, std::vector<ViewKernel::LastValue> values,
             LabelIndex* labels, AnswerSheet* sheet);

  // Records of the view's input, at their places in the order of availability.
  void Add(const ViewInput& input, StringArena* strings);
  int64_t added() const { return added_; }
  // After the last record: answers the labels that are left of the entities from `begin` to `end`.
  // Threads may take different ones, each with its own texts.
  void AnswerRest(uint32_t begin, uint32_t end, StringArena* strings) const;

 private:
  // The newest record with a value.
  struct Newest {
    Timestamp event_us;
    uint64_t raw;
  };
  // What answers are made with.
  struct Scratch {
    FeatureVector vector;
    std::vector<uint64_t> raw;
    std::vector<uint8_t> present;
  };
  void Keep(const ViewInput& input, size_t row, uint32_t entity);
  void Prefetch(uint32_t entity) const;
  void PrefetchAnswer(uint32_t entity) const;
  void AnswerBefore(Timestamp t, LabelIndex::Slot slot, StringArena* strings);
  void Answer(uint32_t entity, uint32_t begin, uint32_t end, Scratch* scratch,
              StringArena* strings) const;

  const ViewKernel& kernel_;
  const std::vector<ViewKernel::LastValue> values_;
  LabelIndex* labels_;
  AnswerSheet* sheet_;
  HugeVector<Newest> newest_;  // by entity, then by value
  // By entity: bit 0 is set when any record came, bit i + 1 when value i did.
  HugeVector<uint32_t> seen_;
  Scratch scratch_;
  int64_t added_ = 0;
};

// As many as seen_ has bits for.
inline constexpr size_t kMaxLastValues = 31;

}  // namespace skewless
