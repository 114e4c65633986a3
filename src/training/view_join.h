// One view's part of a join: keeps of the history what the view's labels need, then answers them.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "training/answer_sheet.h"
#include "training/entity_partition.h"
#include "training/label_index.h"
#include "training/last_values.h"
#include "training/record_layout.h"
#include "training/record_partitions.h"

namespace skewless {

class ViewJoin {
 public:
  // All outlive it. Scratch goes to `spill_path` once there is too much of it.
  ViewJoin(const ViewKernel& kernel, const ViewLabels& labels, const std::vector<int>& outputs,
           const JoinOptions& options, int threads, std::string spill_path);

  // The next batch of the history, if it is of the view's source.
  void Add(const Batch& batch, EvaluationScratch& scratch);
  int64_t bytes_in_memory() const { return partitions_ ? partitions_->bytes_in_memory() : 0; }
  int64_t spilled_bytes() const { return partitions_ ? partitions_->spilled_bytes() : 0; }
  int64_t kept() const { return kept_; }
  // Of records only: who found none is not known here.
  const ViewCounts& counts() const { return counts_; }
  Status Spill() { return partitions_ ? partitions_->Spill() : Status{}; }

  // After the last batch, and the end of this.
  Status AnswerAll(ViewAnswers* answers);

 private:
  Timestamp AvailableOf(size_t row) const;
  void Count();
  bool PassTo(Timestamp available_us, LabelIndex::Slot slot, Timestamp out_of_reach);
  void DistributeReached();
  void Distribute();
  void Keep(size_t row, uint32_t entity, Timestamp available_us);
  std::unique_ptr<class Sweeper> MakeSweeper(int thread);
  bool IsTimeToAnswer() const;
  void AnswerUntil(Timestamp t);
  void AnswerLastValues();
  Status AnswerFromPartitions();

  const ViewKernel& kernel_;
  const ViewLabels& labels_;
  const std::vector<int>& outputs_;
  const JoinOptions& options_;
  const std::vector<ViewKernel::LastValue> last_only_;  // all that is asked; else empty
  // Where no output looks further back than this, records that no label can see are dropped, but
  // for the entity's first one: that there is one tells NOT_FOUND from windows without records.
  const std::optional<DurationUs> reach_;
  std::unique_ptr<LabelIndex> index_;
  ViewInput input_;
  const int threads_;
  AnswerSheet sheet_;
  std::vector<std::unique_ptr<StringArena>> strings_;  // texts of answers, by thread
  std::unique_ptr<LastValues> last_values_;            // or
  RecordLayout layout_;
  const EntityPartition by_entity_;
  std::unique_ptr<RecordPartitions> partitions_;
  std::vector<uint32_t> answered_;  // by entity: its first label that has no answer yet
  int64_t answer_at_bytes_ = 0;     // of records: then labels are answered on the way
  int64_t kept_ = 0;
  ViewCounts counts_;
};

}  // namespace skewless
