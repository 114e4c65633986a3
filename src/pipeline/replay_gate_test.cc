#include "pipeline/replay_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace skewless {
namespace {

TEST(ReplayGate, FreeRunningGrantsAllOfTime) {
  ReplayGate gate(/*stepped=*/false);
  EXPECT_EQ(gate.granted(), kMaxTimestamp);
  EXPECT_EQ(gate.WaitBeyond(1'000), kMaxTimestamp);
}

TEST(ReplayGate, AReaderWaitsUntilTheEngineIsThere) {
  ReplayGate gate(/*stepped=*/true);
  EXPECT_EQ(gate.granted(), kMinTimestamp);
  std::atomic<Timestamp> readable{kMinTimestamp};
  std::thread engine([&] {
    Timestamp at = kMinTimestamp;
    while (at < 300) {
      at = gate.WaitBeyond(at);
      readable = at;
      gate.Reached(at);
    }
  });
  for (const Timestamp time : {100, 200, 300}) {
    const auto reached = gate.AdvanceTo(time);
    ASSERT_TRUE(reached.has_value());
    EXPECT_EQ(*reached, time);
    EXPECT_EQ(readable.load(), time);
  }
  engine.join();
  // A time that lies behind is reached already, and says where the clock stands.
  EXPECT_EQ(gate.AdvanceTo(150).value(), 300);
  EXPECT_EQ(gate.granted(), 300);
}

TEST(ReplayGate, ReleaseWakesTheEngine) {
  ReplayGate gate(/*stepped=*/true);
  std::thread reader([&] { gate.Release(); });
  EXPECT_EQ(gate.WaitBeyond(kMinTimestamp), kMaxTimestamp);
  reader.join();
}

TEST(ReplayGate, ReadersGetTheErrorOfAnEngineThatEnds) {
  ReplayGate gate(/*stepped=*/true);
  gate.Reached(50);
  std::thread engine([&] {
    gate.WaitBeyond(50);
    gate.Stop(Fail(ErrorCode::kNoSpace, "the disk is full"));
  });
  const auto waited = gate.AdvanceTo(100);
  engine.join();
  ASSERT_FALSE(waited.has_value());
  EXPECT_EQ(waited.error().message, "the disk is full");
  EXPECT_EQ(gate.AdvanceTo(50).value(), 50);

  ReplayGate stopped(/*stepped=*/true);
  stopped.Stop({});
  const auto unreached = stopped.AdvanceTo(1);
  ASSERT_FALSE(unreached.has_value());
  EXPECT_EQ(unreached.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace skewless
