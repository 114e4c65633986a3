#include "base/clock.h"

#include <ctime>
#include <limits>

#include "base/file.h"

namespace skewless {
namespace {

Machine* simulated_machine = nullptr;

int64_t NanosOf(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

int64_t RealtimeNanos() {
  return simulated_machine != nullptr ? simulated_machine->RealtimeNanos()
                                      : NanosOf(CLOCK_REALTIME);
}

class WallClock : public Clock {
 public:
  WallClock() : offset_ns_(RealtimeOffsetNanos()) {}
  Timestamp Now() override { return FloorDiv(MonotonicNanos() + offset_ns_, 1000); }

 private:
  const int64_t offset_ns_;
};

}  // namespace

std::unique_ptr<Clock> NewWallClock() { return std::make_unique<WallClock>(); }

void UseMachine(Machine* machine) { simulated_machine = machine; }

int64_t MonotonicNanos() {
  if (simulated_machine != nullptr) [[unlikely]]
    return simulated_machine->MonotonicNanos();
  return NanosOf(CLOCK_MONOTONIC);
}

// Between two looks at one clock lies one at the other: where they are far apart, the processor was
// taken away meanwhile, and the offset would be wrong by as much. The closest of some are taken.
int64_t RealtimeOffsetNanos() {
  constexpr int kTries = 8;
  constexpr int64_t kClose = 10'000;
  int64_t offset = 0;
  int64_t closest = std::numeric_limits<int64_t>::max();
  for (int i = 0; i < kTries && closest > kClose; ++i) {
    const int64_t before = MonotonicNanos();
    const int64_t real = RealtimeNanos();
    const int64_t between = MonotonicNanos() - before;
    if (between >= closest) continue;
    closest = between;
    offset = real - before - between / 2;
  }
  return offset;
}

std::string BootId() {
  if (simulated_machine != nullptr) return simulated_machine->BootId();
  // Files of /proc say that they are empty: no size tells how much to read.
  const auto file = SystemFiles().OpenRead("/proc/sys/kernel/random/boot_id");
  if (!file) return {};
  std::string text(64, '\0');
  const auto read = (*file)->Read(0, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
  text.resize(read.value_or(0));
  return text;
}

int64_t ProcessCpuNanos() { return NanosOf(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace skewless
