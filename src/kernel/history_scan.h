// The vector of an entity at many times straight from its records, without folding a state first:
// each window is a stretch of the records in order of time, and an aggregate is one pass over those
// of them that were available. To the bit what Apply and Read give: tiles are folded in sequence
// order and merged in ascending order here too. Cheaper where a label looks at few records, which
// is what training sets are made of; a state is cheaper where windows hold many more records than
// tiles.
//
// Usage: Make, then for each entity SetRecords, then for some times after the others Look, and Read
// each.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "kernel/view_kernel.h"

namespace skewless {

class HistoryScan {
 public:
  // For outputs whose aggregates can be scanned (count, sum, avg, min, max, bool_and, bool_or,
  // time_since_last, and first and last of one value); null if one of them can't. `provenance`:
  // vectors tell their sequence and newest event. `kernel` outlives the scan.
  static std::unique_ptr<HistoryScan> Make(const ViewKernel& kernel, std::span<const int> outputs,
                                           bool provenance);
  ~HistoryScan();

  // A record whose event lies as far before a read as this, or further, is in no window. None: some
  // output looks at all records.
  std::optional<DurationUs> reach() const;

  // All rows of one entity's input, in ascending sequence; it outlives the reads.
  void SetRecords(const ViewInput& input);
  // About how many records `reads` reads will look at.
  int64_t EstimateLooks(int64_t reads) const;
  // Looks at the records for so many times, ascending from call to call since SetRecords; they
  // outlive the reads.
  static constexpr size_t kMostTimes = 8;
  void Look(std::span<const Timestamp> times);
  // What ViewKernel::Read gives at the i-th of those times, also ascending, for the state of the
  // records that are available then. Values of outputs that were not asked for mean nothing.
  void Read(size_t i, FeatureVector* out);

 private:
  class Impl;
  explicit HistoryScan(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace skewless
