// Rows in the order of their arrivals; those that arrived at once in the order they were added. In
// memory as far as that goes, then through sorted runs on disk. The order never depends on which.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "source/copy_rows.h"
#include "source/spill_runs.h"

namespace skewless {

// Sets batch->arrival_us: the column's times, or (-1) the event's and the delay.
void SetArrivals(int arrival_column, DurationUs delay_us, Batch* batch);

class ArrivalSorter {
 public:
  struct Options {
    int64_t memory_bytes = 512 << 20;
    std::string spill_path;
    int arrival_column = -1;  // or
    DurationUs delay_us = 0;  // after the event
  };

  ArrivalSorter(const Schema& schema, uint32_t source, Options options);

  // The batch to add next: empty, with room for chunk_rows() rows.
  std::unique_ptr<Batch> NewChunk();
  size_t chunk_rows() const { return chunk_rows_; }
  // Rows with event_us. `is_new`: no run before has seen them (see Skip).
  Status Add(std::unique_ptr<Batch> chunk, bool is_new);
  // After the last Add.
  Status Finish();

  int64_t rows() const { return rows_; }
  int64_t known_rows() const { return known_rows_; }  // that are not new
  int64_t taken() const { return taken_; }
  size_t spilled_runs() const { return runs_ ? runs_->runs() : 0; }

  // Passes over the first `count` rows, which an earlier run has taken: it is an error if there are
  // fewer, or if one of them is new, since then the order is no longer the one of that run.
  Status Skip(int64_t count);
  // Appends the next rows, at most `max_rows`, with their arrivals, to a batch that was Reset.
  // False when there are none left.
  Result<bool> Take(size_t max_rows, Batch* to);

 private:
  struct RunHead {
    std::unique_ptr<Batch> batch;
    size_t row = 0;
  };
  // A heap of the runs' next arrivals; of equal ones the earlier run's comes first.
  struct HeapEntry {
    Timestamp arrival;
    uint32_t run;
  };

  void SetArrivals(Batch* batch) const {
    skewless::SetArrivals(options_.arrival_column, options_.delay_us, batch);
  }
  int64_t BytesOf(const Batch& batch) const;
  void SortReferences();
  Status Spill();
  Status StartMerge();
  Result<bool> LoadHead(size_t run);
  // The rows of one run that come next: run and count; count 0 at the end.
  struct Segment {
    uint32_t run = 0;
    size_t begin = 0;
    size_t count = 0;
  };
  Segment NextSegment(size_t max_rows);
  Status Advance(const Segment& segment);

  const Schema& schema_;
  const uint32_t source_;
  const Options options_;
  size_t row_bytes_ = 0;
  size_t chunk_rows_ = 0;

  std::vector<std::unique_ptr<Batch>> chunks_;
  std::vector<uint8_t> chunk_is_new_;
  std::vector<std::unique_ptr<Batch>> free_chunks_;
  std::vector<RowReference> references_;
  bool in_order_ = true;  // references_ are sorted already
  int64_t used_bytes_ = 0;
  int64_t rows_ = 0;
  int64_t known_rows_ = 0;
  int64_t taken_ = 0;

  std::unique_ptr<SpillRuns> runs_;
  std::vector<uint8_t> run_is_new_;
  std::vector<RunHead> heads_;
  std::vector<HeapEntry> heap_;
};

}  // namespace skewless
