// The engine's clock is a seam: nothing else asks what time it is.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/time.h"

namespace skewless {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() = 0;
};

// What the operating system says of the machine. A simulation is one that puts its own in place.
class Machine {
 public:
  virtual ~Machine() = default;
  virtual int64_t MonotonicNanos() = 0;  // CLOCK_MONOTONIC: since some moment, never back
  virtual int64_t RealtimeNanos() = 0;   // CLOCK_REALTIME: may be set, in both directions
  virtual std::string BootId() = 0;      // another one after each start of the machine
};
// For all clocks of this process, from now on; null: the real machine again. Not while other
// threads run.
void UseMachine(Machine* machine);

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
// What CLOCK_REALTIME is ahead of CLOCK_MONOTONIC, in nanoseconds.
int64_t RealtimeOffsetNanos();
// Which start of the machine this is; empty where it doesn't say.
std::string BootId();
// CPU nanoseconds of this process (all threads).
int64_t ProcessCpuNanos();

}  // namespace skewless
