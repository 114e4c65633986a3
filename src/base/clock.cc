#include "base/clock.h"

#include <ctime>

namespace skewless {
namespace {

int64_t NanosOf(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

class WallClock : public Clock {
 public:
  WallClock() : offset_ns_(NanosOf(CLOCK_REALTIME) - NanosOf(CLOCK_MONOTONIC)) {}
  Timestamp Now() override { return FloorDiv(NanosOf(CLOCK_MONOTONIC) + offset_ns_, 1000); }

 private:
  const int64_t offset_ns_;
};

}  // namespace

std::unique_ptr<Clock> NewWallClock() { return std::make_unique<WallClock>(); }

int64_t MonotonicNanos() { return NanosOf(CLOCK_MONOTONIC); }
int64_t ProcessCpuNanos() { return NanosOf(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace skewless
