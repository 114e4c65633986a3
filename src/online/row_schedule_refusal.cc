// When rows that failed go out again: each after a pause of its own, and where the store refuses as
// a whole, few of them ask for all.
#include <algorithm>

#include "online/row_schedule.h"

namespace skewless {

void RowSchedule::NoteFailure(int64_t now_nanos) {
  ++failures_in_a_row_;
  // The same few rows, again and again, say nothing of the others.
  if (refuses_ || std::min(failures_in_a_row_, failing_) < options_.refused_rows) return;
  refuses_ = true;
  asked_ = 0;
  ask_nanos_ = now_nanos + BackoffNanos(0);
}

// One question at a time, whose rows are in flight until it is answered.
bool RowSchedule::MayAsk(int64_t now_nanos) {
  if (in_flight_ > 0 || now_nanos < ask_nanos_) return false;
  ask_nanos_ = now_nanos + BackoffNanos(++asked_);
  return true;
}

// A store that takes a row takes others; those that it refused it may refuse still, until it takes
// one of them.
void RowSchedule::NoteAnswer(bool had_failed) {
  failures_in_a_row_ = 0;
  refuses_ = false;
  if (!had_failed || asked_ == 0) return;
  asked_ = 0;
  for (const Retry& retry : retries_) again_.push_back(retry.row);
  retries_.clear();
}

// Doubled with each failure, and somewhere between a half and the whole of that: rows that failed
// together do not come back together.
int64_t RowSchedule::BackoffNanos(uint32_t failures) {
  const DurationUs whole =
      std::min(options_.first_backoff_us << std::min(failures, 20u), options_.most_backoff_us);
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const auto half = static_cast<uint64_t>(whole) * 1000 / 2;
  return static_cast<int64_t>(half + random_ % (half + 1));
}

}  // namespace skewless
