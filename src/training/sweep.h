// One pass over a partition: its records grouped by entity, each entity's records and labels
// brought together by time. Where a label looks at few records they are scanned; else they are
// folded into a state as they become available, and answers are read off that.
#pragma once

#include <memory>
#include <vector>

#include "kernel/history_scan.h"
#include "training/answer_sheet.h"
#include "training/label_index.h"
#include "training/record_layout.h"
#include "training/record_partitions.h"

namespace skewless {

// One thread's sweeper of one view.
class Sweeper {
 public:
  // `scan`: of the wanted outputs; null if they can't be scanned.
  Sweeper(const ViewKernel& kernel, const RecordLayout& layout, const LabelIndex& index,
          std::unique_ptr<HistoryScan> scan, AnswerSheet* sheet, StringArena* strings);
  // Answers all labels of the entities whose first label is at a position in [begin, end), from
  // their records, which are those of the partition.
  void SweepPartition(const RecordPartitions::Records& records, uint32_t begin, uint32_t end);

 private:
  void Group(const RecordPartitions::Records& records, uint32_t begin, uint32_t end);
  void SweepEntity(uint32_t first);
  bool IsScanCheaper(uint32_t first);
  void Restart();
  void Fold(size_t row);
  void Refold(Timestamp t);
  void SweepByFolding(uint32_t first);
  Timestamp time_of(uint32_t position) const { return index_.time(position); }

  const ViewKernel& kernel_;
  const RecordLayout& layout_;
  const LabelIndex& index_;
  AnswerSheet* sheet_;
  StringArena* strings_;
  std::unique_ptr<HistoryScan> scan_;
  RecordLayout::Rows rows_;
  std::vector<const uint8_t*> grouped_;  // records of the partition by entity, in sequence order
  std::vector<uint32_t> ends_;           // by position - begin: behind its entity's last record
  std::vector<uint32_t> by_available_;   // rows of the entity where availability is out of order
  Bytes state_;
  bool has_records_ = false;
  FeatureVector vector_;
};

}  // namespace skewless
