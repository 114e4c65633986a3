#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>

namespace skewless {
namespace {

TEST(ClockTest, WallClockFollowsTheSystemAndNeverStepsBack) {
  const auto clock = NewWallClock();
  const Timestamp wall_us = static_cast<Timestamp>(std::time(nullptr)) * kSecondUs;
  Timestamp last = clock->Now();
  EXPECT_NEAR(static_cast<double>(last), static_cast<double>(wall_us),
              static_cast<double>(kMinuteUs));
  for (int i = 0; i < 1000; ++i) {
    const Timestamp now = clock->Now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(ClockTest, ManualClockOnlyMovesForward) {
  ManualClock clock(10);
  clock.AdvanceTo(20);
  EXPECT_EQ(clock.Now(), 20);
  clock.AdvanceTo(15);
  EXPECT_EQ(clock.Now(), 20);
  EXPECT_EQ(ManualClock().Now(), kMinTimestamp);
}

TEST(ClockTest, DurationsAreNotNegative) {
  const int64_t begin = MonotonicNanos();
  const int64_t cpu = ProcessCpuNanos();
  EXPECT_GE(MonotonicNanos(), begin);
  EXPECT_GE(ProcessCpuNanos(), cpu);
  EXPECT_GT(cpu, 0);
}

TEST(MachineTest, SaysWhichStartItIs) {
  EXPECT_GE(BootId().size(), 36u);
  EXPECT_EQ(BootId(), BootId());
}

// The processor may be taken away between two looks.
TEST(MachineTest, TheOffsetOfItsClocksIsOfLooksCloseTogether) {
  struct Halting : Machine {
    int64_t MonotonicNanos() override {
      if (++looks == 2) now += 1'000'000'000;
      return now;
    }
    int64_t RealtimeNanos() override { return 70'000'000'000 + now; }
    std::string BootId() override { return "halting"; }
    int64_t now = 0;
    int looks = 0;
  };
  Halting machine;
  UseMachine(&machine);
  EXPECT_EQ(RealtimeOffsetNanos(), 70'000'000'000);
  UseMachine(nullptr);
}

TEST(MachineTest, ASimulatedOneTakesOverEveryClock) {
  struct Simulated : Machine {
    int64_t MonotonicNanos() override { return 5'000; }
    int64_t RealtimeNanos() override { return -2'000; }
    std::string BootId() override { return "simulated"; }
  };
  Simulated machine;
  UseMachine(&machine);
  EXPECT_EQ(MonotonicNanos(), 5'000);
  EXPECT_EQ(NewWallClock()->Now(), -2);
  EXPECT_EQ(BootId(), "simulated");
  UseMachine(nullptr);
  EXPECT_NE(BootId(), "simulated");
  EXPECT_GT(NewWallClock()->Now(), 0);
}

}  // namespace
}  // namespace skewless
