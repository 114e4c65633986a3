#include "base/clock.h"

#include <ctime>

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
  WallClock() : offset_ns_(RealtimeNanos() - MonotonicNanos()) {}
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
