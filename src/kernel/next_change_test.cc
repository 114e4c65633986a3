// When time alone changes what a state reads as. That nothing changes before is also looked for in
// random histories (random_history_test.cc).
#include <gtest/gtest.h>

#include "kernel/kernel_fixture.h"

namespace skewless {
namespace {

constexpr Timestamp kStart = 1'700'000'000 * kSecondUs;  // the begin of a tile of 10 s

TestEvent At(Timestamp event_us, int64_t n) {
  TestEvent event;
  event.event_us = event_us;
  event.n = n;
  return event;
}

Timestamp After(const TestEntity& entity, DurationUs since_start) {
  return entity.kernel().NextChange(entity.state(), kStart + since_start) - kStart;
}

TEST(NextChange, AStateWithoutWindowsStaysAsItIs) {
  const TestView view({{"c", "count(*)"}, {"l", "last(s)"}});
  TestEntity entity(view);
  EXPECT_EQ(view.kernel().NextChange(entity.state(), kStart), kMaxTimestamp);
  entity.Apply(At(kStart, 1));
  EXPECT_EQ(view.kernel().NextChange(entity.state(), kStart), kMaxTimestamp);
  EXPECT_EQ(view.kernel().NextChange({}, kStart), kMaxTimestamp);
}

TEST(NextChange, IsWhenTheOldestTileOfAnyWindowLeaves) {
  const TestView view({{"a", "sum(n) over 1m hop 10s"}, {"b", "sum(n) over 30s hop 10s"}});
  TestEntity entity(view);
  entity.Apply({At(kStart + 5 * kSecondUs, 1), At(kStart + 25 * kSecondUs, 2)});
  EXPECT_EQ(After(entity, 26 * kSecondUs), 30 * kSecondUs);  // tile 0 leaves b
  EXPECT_EQ(After(entity, 30 * kSecondUs), 50 * kSecondUs);  // tile 2 leaves b
  EXPECT_EQ(After(entity, 50 * kSecondUs), 60 * kSecondUs);  // tile 0 leaves a
  EXPECT_EQ(After(entity, 60 * kSecondUs), 80 * kSecondUs);
  EXPECT_EQ(entity.Show(kStart + 80 * kSecondUs - 1), "2, null");
  EXPECT_EQ(entity.Show(kStart + 80 * kSecondUs), "null, null");
  EXPECT_EQ(view.kernel().NextChange(entity.state(), kStart + 80 * kSecondUs), kMaxTimestamp);
}

TEST(NextChange, AnEventOfTheFutureComesIn) {
  const TestView view({{"a", "count(*) over 1m hop 10s"}});
  TestEntity entity(view);
  entity.Apply(At(kStart + 35 * kSecondUs, 1), kStart);
  EXPECT_EQ(After(entity, 0), 30 * kSecondUs);
  EXPECT_EQ(entity.Show(kStart + 30 * kSecondUs - 1), "0");
  EXPECT_EQ(entity.Show(kStart + 30 * kSecondUs), "1");
  EXPECT_EQ(After(entity, 30 * kSecondUs), 90 * kSecondUs);
}

TEST(NextChange, AnExactWindowLetsEachEventGoAtItsOwnMoment) {
  const TestView view({{"a", "count(*) over 10s exact"}});
  TestEntity entity(view);
  entity.Apply({At(kStart + 1, 1), At(kStart + 4, 2)});
  EXPECT_EQ(After(entity, 5), 10 * kSecondUs + 1);
  EXPECT_EQ(After(entity, 10 * kSecondUs + 1), 10 * kSecondUs + 4);
}

TEST(NextChange, TheTimeToLiveEndsOnce) {
  const TestView view({{"c", "count(*)"}}, {"ttl: 10s"});
  TestEntity entity(view);
  entity.Apply(At(kStart, 1));
  EXPECT_EQ(After(entity, 0), 10 * kSecondUs + 1);
  EXPECT_EQ(entity.Read(kStart + 10 * kSecondUs).status, RowStatus::kPresent);
  EXPECT_EQ(entity.Read(kStart + 10 * kSecondUs + 1).status, RowStatus::kOutsideMaxAge);
  EXPECT_EQ(view.kernel().NextChange(entity.state(), kStart + 10 * kSecondUs + 1), kMaxTimestamp);
}

TEST(NextChange, TimesBefore1970) {
  const TestView view({{"a", "count(*) over 30s hop 10s"}});
  TestEntity entity(view);
  entity.Apply(At(-25 * kSecondUs, 1));
  EXPECT_EQ(view.kernel().NextChange(entity.state(), -25 * kSecondUs), 0);
}

}  // namespace
}  // namespace skewless
