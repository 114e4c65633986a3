#include "online/embedded/store_clock.h"

#include <gtest/gtest.h>

namespace skewless::embedded {
namespace {

class StoreClockTest : public testing::Test {
 protected:
  StoreClockTest() {
    clock_.pending = kNotPending;
    clock_.last_stamp = kMinTimestamp;
    clock_.offset_us = 1'000'000'000'000'000;
    clock_.replay_now = kMinTimestamp;
  }
  Timestamp Now() const { return StoreNow(clock_, ClockKind::kWall); }
  Timestamp Read(Timestamp now, Timestamp last = kMinTimestamp) const {
    return ReadTime(clock_, now, last);
  }
  ArenaClock clock_{};
};

TEST_F(StoreClockTest, IdleReadsAtNow) {
  const Timestamp now = Now();
  EXPECT_EQ(Read(now), now);
}

TEST_F(StoreClockTest, AnnouncedStampIsAboveEveryTimeReadBeforeOrDuring) {
  const Timestamp before = Read(Now());
  const Timestamp stamp = AnnounceWall(clock_, kMinTimestamp, kMinTimestamp);
  EXPECT_GT(stamp, before);
  EXPECT_LT(Read(Now()), stamp);
  EXPECT_LT(Read(Now() + kDayUs), stamp);
  EXPECT_EQ(Read(Now() + kDayUs), clock_.pending - 1);
}

TEST_F(StoreClockTest, StampIsAboveATimeThatWasReadBetweenTheWritersTimeAndItsAnnouncement) {
  int readings = 0;
  Timestamp overtaking = 0;
  const Timestamp stamp = AnnounceWall(clock_, kMinTimestamp, kMinTimestamp, [&]() -> Timestamp {
    if (++readings > 1) return 200;
    overtaking = Read(180);
    return 100;
  });
  EXPECT_EQ(overtaking, 180);
  EXPECT_EQ(clock_.pending, 101);
  EXPECT_EQ(stamp, 201);
}

// The one case where a reader's T would step back: its time was read after the writer's, and
// `pending` before it was set.
TEST_F(StoreClockTest, ReaderThatOvertookTheAnnouncementKeepsItsTime) {
  const Timestamp now = Now();
  const Timestamp overtaking = Read(now + kSecondUs);
  EXPECT_EQ(overtaking, now + kSecondUs);
  clock_.pending = now + 1;               // the writer, with a time from before
  EXPECT_EQ(Read(now + kSecondUs), now);  // another reader
  EXPECT_EQ(Read(now + kSecondUs, overtaking), overtaking);
}

TEST_F(StoreClockTest, OlderAnnouncementStays) {
  const Timestamp first = AnnounceWall(clock_, kMinTimestamp, kMinTimestamp);
  const Timestamp pending = clock_.pending;
  const Timestamp second = AnnounceWall(clock_, kMinTimestamp, first);
  EXPECT_GT(second, first);
  EXPECT_EQ(clock_.pending, pending);
}

TEST_F(StoreClockTest, StampsRiseWhileTheWallClockStandsBehind) {
  const Timestamp ahead = Now() + kHourUs;
  clock_.last_stamp = ahead;
  EXPECT_EQ(Now(), ahead);
  const Timestamp stamp = AnnounceWall(clock_, kMinTimestamp, ahead);
  EXPECT_EQ(stamp, ahead + 1);
  EXPECT_EQ(Read(Now()), ahead);
  clock_.last_stamp = stamp;
  clock_.pending = kNotPending;
  EXPECT_EQ(Read(Now()), stamp);
}

TEST_F(StoreClockTest, WantedStampIsKeptWhereItIsLater) {
  const Timestamp wanted = Now() + kHourUs;
  EXPECT_EQ(AnnounceWall(clock_, wanted, kMinTimestamp), wanted);
}

TEST_F(StoreClockTest, FrozenReadersStayBelowWhatComesAfter) {
  const Timestamp given = Read(Now());
  const Timestamp frozen = Freeze(clock_, ClockKind::kWall);
  EXPECT_GT(frozen, given);
  const Timestamp last = Read(Now() + kDayUs, given);
  EXPECT_LT(last, frozen);
  EXPECT_EQ(Read(Now() + 2 * kDayUs, last), last);
}

// A writer that only stood still commits what it had announced, and announces more.
TEST_F(StoreClockTest, AFrozenClocksWriterMovesNobodyOn) {
  const Timestamp stamp = AnnounceWall(clock_, kMinTimestamp, kMinTimestamp);
  const Timestamp frozen = Freeze(clock_, ClockKind::kWall);
  clock_.last_stamp = stamp;
  clock_.pending = kNotPending;
  EXPECT_LT(Read(Now() + kDayUs), frozen);
  AnnounceWall(clock_, Now() + kDayUs, stamp);
  EXPECT_LT(Read(Now() + 3 * kDayUs), frozen);
  // Another that finds it so keeps it there.
  EXPECT_GE(Freeze(clock_, ClockKind::kWall), frozen);
  EXPECT_LT(Read(Now() + kDayUs), frozen);
}

TEST_F(StoreClockTest, ReplayAnnouncesTheArrival) {
  clock_.replay_now = 100;
  EXPECT_EQ(AnnounceReplay(clock_, 150), 150);
  EXPECT_EQ(Read(StoreNow(clock_, ClockKind::kReplay)), 100);
  clock_.replay_now = 200;
  EXPECT_EQ(Read(StoreNow(clock_, ClockKind::kReplay)), 149);
}

TEST_F(StoreClockTest, ReplayNeverAnnouncesAnInstantThatWasRead) {
  clock_.replay_now = 100;
  EXPECT_EQ(AnnounceReplay(clock_, 100), 101);
  EXPECT_EQ(Freeze(clock_, ClockKind::kReplay), 100);
}

TEST_F(StoreClockTest, EmptyReplayReadsAtTheBeginningOfTime) {
  EXPECT_EQ(Read(StoreNow(clock_, ClockKind::kReplay)), kMinTimestamp);
}

}  // namespace
}  // namespace skewless::embedded
