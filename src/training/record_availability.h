// From when the log's records were readable, where the online store has a clock of its own: the
// stamp log's word (log/availability.h) in place of the log's, view by view.
#pragma once

#include <memory>
#include <vector>

#include "kernel/kernel_set.h"
#include "log/availability.h"

namespace skewless {

class RecordAvailability {
 public:
  explicit RecordAvailability(std::unique_ptr<Availability> stamps) : stamps_(std::move(stamps)) {}

  // Before the views of a batch: batches in the log's order.
  Status Advance(const Batch& batch) {
    return batch.rows() == 0 ? Status{} : stamps_->Advance(batch.sequence.back());
  }
  // What Prepare made of the batch for a view, by its number in the definition. A record that
  // nobody can read yet is not selected any more.
  void Set(int view, ViewInput* input);
  Availability& stamps() { return *stamps_; }

 private:
  std::unique_ptr<Availability> stamps_;
  std::vector<std::vector<Timestamp>> available_us_;  // by view: what its input points into
};

// The view as the stamp log knows it, of a store whose rows are states.
StampedView StampedViewOf(const Definition& definition, const ViewKernel& kernel);

// Null where the log's own times hold. kComputed: for labels that were moved to the times that what
// they saw was computed for (training/read_times.h).
Result<std::shared_ptr<RecordAvailability>> OpenAvailability(FileSystem& files,
                                                             const Definition& definition,
                                                             const KernelSet& kernels,
                                                             StampTime time);

}  // namespace skewless
