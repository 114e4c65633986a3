// How many rows may be in flight to a store: grows by a little while the store answers as fast as
// it can, and is halved when answers come late or fail (as TCP does it).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace skewless {

struct WriteWindowOptions {
  size_t least = 16, first = 256, most = 8192;
  size_t step = 16;
  // Answers are late when they take longer than twice the shortest time, and than that time and
  // this: below it, what a longer queue costs is not worth a shorter one.
  DurationUs patience_us = 5'000;
};

class WriteWindow {
 public:
  using Options = WriteWindowOptions;
  explicit WriteWindow(const Options& options) : options_(options), size_(options.first) {}

  size_t size() const { return size_; }
  // A row that was sent at `sent_nanos` is answered. `was_full`: the window was all that kept
  // further rows from being sent.
  void Answered(int64_t sent_nanos, int64_t now_nanos, bool was_full);
  // It failed, or timed out. Rows that were sent together fail together, and count once.
  void Failed(int64_t sent_nanos, int64_t now_nanos);

 private:
  void EndRound(int64_t now_nanos);
  void Halve(int64_t now_nanos);
  void NoteLatency(int64_t latency_nanos, int64_t now_nanos);

  const Options options_;
  size_t size_;
  int64_t halved_nanos_ = INT64_MIN;  // rows sent before it tell of the window as it was
  // The round: one window of answers.
  size_t answers_ = 0;
  int64_t latency_sum_ = 0;
  bool was_full_ = false;
  // The shortest latency of this period and of the one before: a store may become slower for good.
  int64_t shortest_ = INT64_MAX, shortest_before_ = INT64_MAX;
  int64_t period_began_nanos_ = INT64_MIN;
};

}  // namespace skewless
