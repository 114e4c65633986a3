// What the row writer does where the store keeps finished values: it computes them when it sends
// them, and knows when time alone changes them.
#include <algorithm>

#include "kernel/vector_encoding.h"
#include "pipeline/row_writer.h"

namespace skewless {

// Later than every instant before, of whatever row: what is written last was computed for the
// latest time, as readers and training take it.
Timestamp RowWriter::NextInstant(Timestamp at_least_us) {
  computed_us_ = std::max({computed_us_ + 1, parts_.store->now_us(), at_least_us});
  return computed_us_;
}

void RowWriter::ComputeValues(RowSchedule::Id row, ByteView state) {
  const RowTable::Key& key = schedule_.key(row);
  const ViewKernel& kernel = *kernels_[key.view];
  const Timestamp instant = NextInstant(LoadStateHeader(state.data()).available_us);
  kernel.Read(state, instant, &vector_);
  EncodeVector(vector_, &sent_[row]);
  timers_.Set(key.view, AsBytes(key.bytes), key.hash, kernel.NextChange(state, instant));
  flying_due_us_[row] = waiting_due_us_[row];
  waiting_due_us_[row] = kMaxTimestamp;
}

// Of a row that the store has as of the same record: whether its values still are what the state
// reads as. Then it is noted when they change.
bool RowWriter::IsCurrent(const ChangedRow& row, ByteView key, const StoredRow& stored,
                          ByteView state) {
  if (stored.other_layout || state.empty()) return false;
  const Timestamp computed_us = stored.stamps.back().computed_us;
  // Where the state has newer records by now, the commit that brought them hands the row over.
  const StateHeader header = LoadStateHeader(state.data());
  if (header.sequence != row.sequence || header.available_us > computed_us) return false;
  const Timestamp next = kernels_[row.view]->NextChange(state, computed_us);
  if (next <= std::max(parts_.store->now_us(), computed_us_)) return false;
  timers_.Set(row.view, key, row.hash, next);
  return true;
}

void RowWriter::TakeDueRows() {
  if (!parts_.values || ending_.load()) return;
  const Timestamp now = std::max(parts_.store->now_us(), computed_us_);
  while (schedule_.counts().rows < options_.most_due_rows && timers_.Take(now, &due_)) {
    const RowSchedule::Id row = schedule_.Due(due_.view, AsBytes(due_.key), due_.hash);
    if (waiting_due_us_.size() < schedule_.row_limit())
      waiting_due_us_.resize(schedule_.row_limit(), kMaxTimestamp);
    waiting_due_us_[row] = std::min(waiting_due_us_[row], due_.due_us);
  }
}

void RowWriter::CountLateness(RowSchedule::Id row, Timestamp available_us) {
  if (!parts_.values || flying_due_us_[row] == kMaxTimestamp) return;
  const DurationUs late = std::max<DurationUs>(0, available_us - flying_due_us_[row]);
  stats_.timed_latency.Record(late * 1000);
  flying_due_us_[row] = kMaxTimestamp;
}

}  // namespace skewless
