// One pass over a partition: its records grouped by entity, each entity's records and labels merged
// by time, answers read off the state in between.
#pragma once

#include <vector>

#include "training/join.h"
#include "training/label_index.h"
#include "training/record_partitions.h"

namespace skewless {

// Where one view's answers go. Threads write different rows.
struct AnswerSheet {
  const ViewLabels* labels = nullptr;
  const std::vector<int>* outputs = nullptr;  // wanted outputs of the view
  ViewAnswers* answers = nullptr;
};

// Makes room for all labels; every row starts as NOT_FOUND with nulls.
void PrepareAnswers(const FeatureViewDefinition& view, const ViewLabels& labels,
                    const std::vector<int>& outputs, ViewAnswers* answers);

// One thread's sweeper of one view.
class Sweeper {
 public:
  Sweeper(const ViewKernel& kernel, const RecordLayout& layout, const LabelIndex& index,
          AnswerSheet sheet, StringArena* strings);
  // `records`: of the entities [first, last). Answers all labels of those.
  void SweepPartition(const Bytes& records, uint32_t first, uint32_t last);
  int64_t folded() const { return folded_; }

 private:
  void SweepEntity(uint32_t entity);
  void Restart();
  void Fold(size_t row);
  void Refold(Timestamp t);
  void Answer(uint32_t label);

  const ViewKernel& kernel_;
  const RecordLayout& layout_;
  const LabelIndex& index_;
  AnswerSheet sheet_;
  StringArena* strings_;
  RecordLayout::Rows rows_;
  std::vector<const uint8_t*> grouped_;  // records of the partition by entity, in sequence order
  std::vector<uint32_t> first_record_;
  std::vector<uint32_t> by_available_;  // rows of the entity where availability is out of order
  Bytes state_;
  bool has_records_ = false;
  FeatureVector vector_;
  int64_t folded_ = 0;
};

}  // namespace skewless
