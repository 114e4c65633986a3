// A machine whose clocks a schedule moves: they jump, stall and are set back, and a restart of the
// machine begins the monotonic one anew. Its random bits are always the same.
#pragma once

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/random_bits.h"

namespace skewless::simulation {

class SimulatedMachine : public Machine {
 public:
  explicit SimulatedMachine(Timestamp now) : realtime_us_(now) {
    UseMachine(this);
    UseRandomBits([] { return uint64_t{0x9E3779B97F4A7C15}; });
  }
  ~SimulatedMachine() override {
    UseMachine(nullptr);
    UseRandomBits(nullptr);
  }
  SimulatedMachine(const SimulatedMachine&) = delete;
  SimulatedMachine& operator=(const SimulatedMachine&) = delete;

  int64_t MonotonicNanos() override { return monotonic_us_ * 1000; }
  int64_t RealtimeNanos() override { return realtime_us_ * 1000; }
  std::string BootId() override { return "boot " + std::to_string(boot_); }

  Timestamp realtime_us() const { return realtime_us_; }
  // Time passes.
  void Advance(DurationUs duration) {
    duration = std::max<DurationUs>(duration, 0);
    monotonic_us_ += duration;
    realtime_us_ += duration;
  }
  // Somebody sets the clock.
  void SetRealtime(Timestamp now) { realtime_us_ = now; }
  // Power was off for a while.
  void Restart(DurationUs off) {
    ++boot_;
    monotonic_us_ = 10;
    realtime_us_ += off;
  }

 private:
  DurationUs monotonic_us_ = 1'000'000;
  Timestamp realtime_us_;
  int boot_ = 1;
};

}  // namespace skewless::simulation
