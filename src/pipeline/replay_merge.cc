#include "pipeline/replay_merge.h"

#include <algorithm>

#include "base/check.h"
#include "model/batch_slice.h"

namespace skewless {

ReplayMerge::ReplayMerge(std::vector<SourceThread*> sources) {
  for (SourceThread* source : sources) heads_.push_back(Head{source, {}, 0, false});
}

void ReplayMerge::Release(Head& head) {
  if (head.current.batch) head.source->queue().GiveBack(std::move(head.current.batch));
  head.current.batch.reset();
  head.row = 0;
}

Result<ReplayMerge::Heads> ReplayMerge::Fill(std::chrono::microseconds wait) {
  if (finished_ >= 0) Release(heads_[static_cast<size_t>(finished_)]);
  finished_ = -1;
  bool any = false;
  bool missing = false;
  for (Head& head : heads_) {
    if (!head.ended && !head.current.batch) {
      if (auto next = head.source->queue().Pop(wait)) {
        head.current = std::move(*next);
      } else if (head.source->queue().ended()) {
        head.ended = true;
        SKEWLESS_RETURN_IF_ERROR(head.source->queue().end_status());
      } else {
        missing = true;
      }
    }
    any |= head.current.batch != nullptr;
  }
  if (missing) return Heads::kMissing;
  return any ? Heads::kKnown : Heads::kEnded;
}

// A batch without rows (only positions) sorts first: it is taken at once.
static Timestamp ArrivalAt(const Batch& batch, size_t row) {
  return row < batch.rows() ? batch.arrival_us[row] : kMinTimestamp;
}

size_t ReplayMerge::Least() const {
  size_t least = heads_.size();
  for (size_t i = 0; i < heads_.size(); ++i) {
    if (!heads_[i].current.batch) continue;
    if (least == heads_.size() || ArrivalAt(*heads_[i].current.batch, heads_[i].row) <
                                      ArrivalAt(*heads_[least].current.batch, heads_[least].row)) {
      least = i;
    }
  }
  SKEWLESS_CHECK(least < heads_.size());
  return least;
}

Timestamp ReplayMerge::NextArrival() const {
  const Head& head = heads_[Least()];
  return ArrivalAt(*head.current.batch, head.row);
}

Batch* ReplayMerge::Take(Timestamp limit, size_t max_rows) {
  const size_t least = Least();
  Head& head = heads_[least];
  Batch& batch = *head.current.batch;
  // Another source's head ends the run: before it where it goes first on a tie, with it otherwise.
  Timestamp last = limit;
  for (size_t i = 0; i < heads_.size(); ++i) {
    if (i == least || !heads_[i].current.batch) continue;
    const Timestamp other = ArrivalAt(*heads_[i].current.batch, heads_[i].row);
    last = std::min(last, i < least ? SaturatingSub(other, 1) : other);
  }
  const auto begin = batch.arrival_us.begin() + static_cast<std::ptrdiff_t>(head.row);
  const auto end = std::upper_bound(begin, batch.arrival_us.end(), last);
  const size_t rows = std::min(max_rows, static_cast<size_t>(end - begin));
  if (rows == 0 && head.row < batch.rows()) return nullptr;
  if (head.row == 0 && rows == batch.rows()) {
    finished_ = static_cast<int>(least);
    return &batch;
  }
  SliceBatch(batch, head.row, head.row + rows, &slice_);
  head.row += rows;
  if (head.row == batch.rows()) finished_ = static_cast<int>(least);
  return &slice_;
}

}  // namespace skewless
