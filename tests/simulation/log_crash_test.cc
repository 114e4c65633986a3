// The log under power cuts: at every single operation, many seeds, and again during recovery.
#include <gtest/gtest.h>

#include <string>

#include "simulation/log_world.h"

namespace skewless {
namespace {

constexpr int kBatches = 14;

std::string Trace(const SimulatedFiles& files) {
  std::string text;
  for (const std::string& line : files.trace()) text += "  " + line + "\n";
  return text;
}

// A first life that ends at operation `stop`, a second that power may end during recovery, a third
// that ends well.
void LiveThrice(uint64_t seed, int64_t stop) {
  LogWorld world(seed);
  world.files().StopAt(stop);
  const Status first = world.Live(kBatches);
  ASSERT_FALSE(first) << "operation " << stop << " does not exist";
  ASSERT_EQ(first.error().code, ErrorCode::kIo) << first.error().ToString();
  const std::string trace = Trace(world.files());
  SCOPED_TRACE("seed " + std::to_string(seed) + ", stopped at operation " + std::to_string(stop) +
               "\n" + trace);
  // Every third time the process alone dies; power is lost in the life after.
  if ((seed + static_cast<uint64_t>(stop)) % 3 == 0) {
    world.files().Kill();
  } else {
    world.files().Crash(seed * 1000 + static_cast<uint64_t>(stop));
  }

  const auto stop_again = static_cast<int64_t>((seed * 5 + static_cast<uint64_t>(stop)) % 12);
  if (stop_again > 0) world.files().StopAt(stop_again);
  const Status second = world.Live(kBatches / 2);
  if (!second) {
    ASSERT_GT(stop_again, 0) << second.error().ToString();
    ASSERT_EQ(second.error().code, ErrorCode::kIo) << second.error().ToString();
  }
  world.files().Crash(seed * 2000 + static_cast<uint64_t>(stop));

  const Status third = world.Live(kBatches / 2);
  ASSERT_TRUE(third) << third.error().ToString();
  world.CheckContents();
}

TEST(LogCrash, NothingAcknowledgedIsLostAndNothingIsTwice) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    LogWorld whole(seed);
    const Status status = whole.Live(kBatches);
    ASSERT_TRUE(status) << status.error().ToString();
    whole.CheckContents();
    const int64_t operations = whole.files().operations();
    ASSERT_GT(operations, 30);
    for (int64_t stop = 1; stop <= operations; ++stop) {
      LiveThrice(seed, stop);
      if (::testing::Test::HasFailure()) {
        FAIL() << "failing seed " << seed << ", operation " << stop;
      }
    }
  }
}

// The process dies and the machine lives: what was appended and never synced is still there, and
// counts from the next opening on. So that must make it durable.
TEST(LogCrash, WhatAKilledWriterLeftIsMadeDurable) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    LogWorld world(seed);
    ASSERT_TRUE(world.Live(kBatches));
    const size_t appended = world.entries();
    world.files().Kill();
    ASSERT_TRUE(world.Live(0));
    ASSERT_EQ(world.acknowledged(), appended);
    world.files().Crash(seed);
    ASSERT_TRUE(world.Live(3));
    ASSERT_GE(world.acknowledged(), appended);
    world.CheckContents();
    if (::testing::Test::HasFailure()) FAIL() << "failing seed " << seed;
  }
}

// A writer dies between naming its segment and making the name durable; power is lost while the
// next one begins. Whichever of the names are found then, the log goes on.
TEST(LogCrash, NamesThatAKilledWriterLeftAreMadeDurable) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    for (int64_t stop = 1; stop <= 7; ++stop) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", operation " + std::to_string(stop));
      LogWorld world(seed);
      ASSERT_TRUE(world.Live(3));
      world.files().Kill();
      world.files().StopAt(6);  // what follows the sync of its header
      ASSERT_FALSE(world.Live(1));
      ASSERT_NE(world.files().trace()[5].find("rename"), std::string::npos) << Trace(world.files());
      world.files().Kill();
      world.files().StopAt(stop);
      ASSERT_FALSE(world.Live(1));
      world.files().Crash(seed);
      const Status last = world.Live(3);
      ASSERT_TRUE(last) << last.error().ToString();
      world.CheckContents();
    }
  }
}

}  // namespace
}  // namespace skewless
