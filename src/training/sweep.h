// One pass over a partition: its records grouped by entity, each entity's records and labels
// brought together by time. Where a label looks at few records they are scanned; else they are
// folded into a state as they become available, and answers are read off that.
#pragma once

#include <memory>
#include <vector>

#include "kernel/history_scan.h"
#include "training/answer_sheet.h"
#include "training/entity_partition.h"
#include "training/label_index.h"
#include "training/record_layout.h"
#include "training/record_partitions.h"

namespace skewless {

// One thread's sweeper of one view.
class Sweeper {
 public:
  // The entities of one partition, and all that is there of their records.
  struct Partition {
    const RecordPartitions::Records& records;
    size_t partition;
    const EntityPartition& by_entity;
  };

  // `scan`: of the wanted outputs; null if they can't be scanned. `answered`: by entity, its first
  // label that has no answer yet.
  Sweeper(const ViewKernel& kernel, const RecordLayout& layout, const LabelIndex& index,
          std::unique_ptr<HistoryScan> scan, std::span<uint32_t> answered, AnswerSheet* sheet,
          StringArena* strings);
  // Answers all labels that are left.
  void SweepAll(const Partition& partition);
  // Answers the labels before `t`: every record that they can see is there. Appends to `kept` the
  // records that others may see, none of which looks further back than `reach`.
  void SweepUntil(Timestamp t, DurationUs reach, const Partition& partition, Bytes* kept);

 private:
  struct Labels {
    uint32_t begin, end;  // positions
  };
  void Group(const Partition& partition);
  template <typename Visit>
  void VisitEntities(const Partition& partition, const Visit& visit);
  void Answer(std::span<const uint8_t* const> records, Labels labels);
  bool IsScanCheaper(Labels labels);
  void Restart();
  void Fold(size_t row);
  void Refold(Timestamp t);
  void AnswerByFolding(Labels labels);
  void KeepReached(std::span<const uint8_t* const> records, Timestamp t, DurationUs reach,
                   Bytes* kept) const;
  Timestamp time_of(uint32_t position) const { return index_.time(position); }

  const ViewKernel& kernel_;
  const RecordLayout& layout_;
  const LabelIndex& index_;
  std::span<uint32_t> answered_;
  AnswerSheet* sheet_;
  StringArena* strings_;
  std::unique_ptr<HistoryScan> scan_;
  RecordLayout::Rows rows_;
  std::vector<const uint8_t*> grouped_;  // records of the partition by entity, in sequence order
  std::vector<uint32_t> ends_;           // by entity of the partition: behind its last record
  std::vector<uint32_t> by_available_;   // rows of the entity where availability is out of order
  Bytes state_;
  bool has_records_ = false;
  FeatureVector vector_;
};

}  // namespace skewless
