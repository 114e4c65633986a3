// The engine's clock is a seam: nothing else asks what time it is.
#pragma once

#include <atomic>
#include <memory>

#include "base/time.h"

namespace skewless {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() = 0;
};

// Wall time that never steps back within a process: CLOCK_MONOTONIC plus the offset to
// CLOCK_REALTIME taken once.
std::unique_ptr<Clock> NewWallClock();

// Moved by hand: the replay clock (driven by the history's own arrival times) and the simulated
// one in tests. Never goes back.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Timestamp start = kMinTimestamp) : now_(start) {}
  Timestamp Now() override { return now_.load(std::memory_order_seq_cst); }
  // Moves to `time` if that is later.
  void AdvanceTo(Timestamp time) {
    Timestamp current = now_.load();
    while (current < time && !now_.compare_exchange_weak(current, time)) {
    }
  }

 private:
  std::atomic<Timestamp> now_;
};

// Nanoseconds of CLOCK_MONOTONIC, for measuring durations only.
int64_t MonotonicNanos();
// CPU nanoseconds of this process (all threads).
int64_t ProcessCpuNanos();

}  // namespace skewless
