// One view's part of a join: keeps of the history what the view's labels need, then answers them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "training/answer_sheet.h"
#include "training/label_index.h"
#include "training/last_values.h"
#include "training/record_layout.h"
#include "training/record_partitions.h"

namespace skewless {

class ViewJoin {
 public:
  // All outlive it. Scratch goes to `spill_path` once there is too much of it.
  ViewJoin(const ViewKernel& kernel, const ViewLabels& labels, const std::vector<int>& outputs,
           const JoinOptions& options, std::string spill_path);

  // The next batch of the history, if it is of the view's source.
  void Add(const Batch& batch, EvaluationScratch& scratch);
  int64_t bytes_in_memory() const { return partitions_ ? partitions_->bytes_in_memory() : 0; }
  int64_t spilled_bytes() const { return partitions_ ? partitions_->spilled_bytes() : 0; }
  int64_t kept() const { return kept_; }
  Status Spill() { return partitions_ ? partitions_->Spill() : Status{}; }

  // After the last batch, and the end of this.
  Status AnswerAll(int threads, ViewAnswers* answers);

 private:
  Timestamp AvailableOf(size_t row) const;
  bool IsNeeded(LabelIndex::Entity* entity, size_t row, Timestamp available_us);
  void Distribute();
  uint32_t partition_begin(size_t partition) const {
    return static_cast<uint32_t>(partition << partition_shift_);
  }
  Status AnswerFromPartition(size_t partition, class Sweeper* sweeper) const;
  void AnswerLastValues(uint32_t begin, uint32_t end, AnswerSheet* sheet,
                        StringArena* strings) const;
  Status AnswerInThreads(int threads, AnswerSheet* sheet, ViewAnswers* answers);

  const ViewKernel& kernel_;
  const ViewLabels& labels_;
  const std::vector<int>& outputs_;
  const JoinOptions& options_;
  std::unique_ptr<LabelIndex> index_;
  ViewInput input_;
  std::unique_ptr<LastValues> last_values_;  // or
  RecordLayout layout_;
  std::unique_ptr<RecordPartitions> partitions_;
  unsigned partition_shift_ = 0;
  // Where no output looks further back than this, records that no label can see are dropped, but
  // for the entity's first one (then its mark is set): that there is one tells NOT_FOUND from
  // windows without records.
  std::optional<DurationUs> reach_;
  int64_t kept_ = 0;
};

}  // namespace skewless
