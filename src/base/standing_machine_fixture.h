// For tests of what goes by time: a machine whose clock stands until it is moved.
#pragma once

#include <string>

#include "base/clock.h"

namespace skewless {

class StandingMachine final : public Machine {
 public:
  StandingMachine() { UseMachine(this); }
  ~StandingMachine() override { UseMachine(nullptr); }
  int64_t MonotonicNanos() override { return nanos; }
  int64_t RealtimeNanos() override { return nanos; }
  std::string BootId() override { return "boot"; }
  int64_t nanos = 0;
};

}  // namespace skewless
