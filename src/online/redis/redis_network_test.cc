// Rows over a network that delays, loses answers and cuts connections.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "online/redis/redis_rows_fixture.h"
#include "online/redis/tcp_proxy_fixture.h"

namespace skewless::redis {
namespace {

class RedisNetworkTest : public testing::Test {
 protected:
  RedisNetworkTest()
      : directory_("redis_network_test"), server_(directory_.path()), proxy_(server_.port()) {}
  RedisOptions options() const { return TestOptions(proxy_.address()); }
  // Even a claim may come too late for it: one that lasts is made by a patient writer.
  RedisOptions impatient() const {
    RedisOptions impatient = options();
    impatient.timeout_us = 100'000;
    return impatient;
  }
  // And until the server has answered for the last of them: it does before it takes more.
  void AwaitKeys(const std::string& count) {
    while (server_.AskText({"DBSIZE"}) != count) std::this_thread::yield();
    ASSERT_EQ(server_.AskText({"DBSIZE"}), count);
  }

  TestDirectory directory_;
  RedisServer server_;
  TcpProxy proxy_;
};

// The write landed and its answer did not: the retry is told the stamp that was given.
TEST_F(RedisNetworkTest, ALostAnswersRetryGetsTheSameStamp) {
  TestWriter writer(options());
  writer.Connect();
  ASSERT_TRUE(writer.Claim().has_value());
  proxy_.Swallow(true);
  const uint64_t before = proxy_.swallowed_bytes();
  for (int64_t user = 0; user < 100; ++user) writer.Send(0, KeyBytes(user), 9);
  std::vector<RowWritten> none;
  while (server_.AskText({"GET", "shop::clock"}) == "0 65536" || proxy_.swallowed_bytes() == before)
    ASSERT_TRUE(writer.rows().Poll(1000, &none).has_value());
  // The rows, the clock and whose they are.
  while (server_.AskText({"DBSIZE"}) != "102") static_cast<void>(writer.rows().Poll(1000, &none));
  const Timestamp newest = std::stoll(server_.AskText({"GET", "shop::clock"}));
  ASSERT_TRUE(none.empty());
  proxy_.Swallow(false);
  proxy_.Cut();
  for (const RowWritten& done : writer.Finish()) {
    EXPECT_EQ(done.outcome, Outcome::kFailed);
    EXPECT_TRUE(done.may_retry);
  }
  for (int64_t user = 0; user < 100; ++user) writer.Send(0, KeyBytes(user), 9);
  for (const RowWritten& done : writer.Finish()) {
    EXPECT_EQ(done.outcome, Outcome::kAlreadyThere);
    EXPECT_LE(done.available_us, newest);
  }
  EXPECT_EQ(server_.AskText({"GET", "shop::clock"}), std::to_string(newest) + " 65536");
}

// A server dies with commands unread, its rows with it. Nobody else knows any more from when on
// readers had what it had answered for, so that is read before the connection is given up.
TEST_F(RedisNetworkTest, AnAnswerCountsThatHadComeBeforeTheConnectionBroke) {
  TestWriter writer(options());
  writer.Connect();
  ASSERT_TRUE(writer.Claim().has_value());
  constexpr uint64_t kRows = 100;
  for (uint64_t user = 0; user < kRows; ++user)
    writer.Send(0, KeyBytes(static_cast<int64_t>(user)), 9, user);
  AwaitKeys("102");  // the rows, the clock and whose they are
  const Timestamp newest = std::stoll(server_.AskText({"GET", "shop::clock"}));
  proxy_.AwaitRound();
  proxy_.Reset();
  proxy_.AwaitRound();
  const int64_t another = kRows;
  writer.Send(0, KeyBytes(another), 9, kRows);  // finds out
  for (const RowWritten& done : writer.Finish()) {
    if (done.ticket == kRows) {
      EXPECT_EQ(done.outcome, Outcome::kFailed);
      EXPECT_TRUE(done.may_retry);
      continue;
    }
    EXPECT_EQ(done.outcome, Outcome::kWritten);
    EXPECT_LE(done.available_us, newest);
  }
}

// The machine slept, or the process was stopped, while an answer came.
TEST_F(RedisNetworkTest, WhoStoodStillFindsTheAnswersThatCame) {
  ASSERT_TRUE(TestWriter(options()).Claim().has_value());
  RedisOptions options = impatient();
  options.timeout_us = kSecondUs;
  TestWriter writer(options, /*epoch=*/1, /*claims=*/false);
  writer.Connect();
  const int64_t user = 1;
  writer.Send(0, KeyBytes(user), 1);
  AwaitKeys("3");  // the row, the clock and whose they are
  proxy_.AwaitRound();
  std::this_thread::sleep_for(std::chrono::microseconds(2 * options.timeout_us));
  EXPECT_EQ(writer.Finish()[0].outcome, Outcome::kWritten);
}

// An answer that never comes is not waited for forever.
TEST_F(RedisNetworkTest, SilenceEndsInATimeout) {
  ASSERT_TRUE(TestWriter(options()).Claim().has_value());
  TestWriter writer(impatient(), /*epoch=*/1, /*claims=*/false);
  writer.Connect();
  proxy_.Swallow(true);
  const int64_t user = 1;
  const RowWritten done = writer.Write(0, KeyBytes(user), 1);
  EXPECT_EQ(done.outcome, Outcome::kFailed);
  EXPECT_TRUE(done.may_retry);
  EXPECT_EQ(done.error.code, ErrorCode::kUnavailable);
  EXPECT_NE(done.error.message.find("no answer in time"), std::string::npos);
  auto reader = OpenRedisReader(impatient());
  const RowKey key{0, KeyBytes(user)};
  const auto read = (*reader)->Read(std::span(&key, 1));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
}

// One that came late, after the server had lost rows and another claim, would hide the loss.
TEST_F(RedisNetworkTest, AClaimWhoseAnswerIsLostIsNotAskedAgainByItsNumber) {
  TestWriter writer(options());
  writer.Connect();
  ASSERT_TRUE(writer.Claim().has_value());
  proxy_.Delay(10 * kSecondUs);  // before that it is cut
  const uint32_t next = RowClaim(1, 1);
  std::thread cut([&] {
    while (server_.AskText({"GET", "shop::clock"}) != "0 " + std::to_string(next))
      std::this_thread::yield();
    proxy_.Cut();
  });
  const Status claimed = writer.rows().Claim(next);
  cut.join();
  ASSERT_FALSE(claimed.has_value());
  EXPECT_EQ(claimed.error().code, ErrorCode::kUnavailable);
}

// An answer to a look from before a claim says nothing of that claim.
TEST_F(RedisNetworkTest, AnOldLooksAnswerEndsNoNewClaim) {
  TestWriter writer(options());
  writer.Connect();
  ASSERT_TRUE(writer.Claim().has_value());
  const auto poll_for = [&](DurationUs duration_us) {
    std::vector<RowWritten> done;
    for (const int64_t end = MonotonicNanos() + duration_us * 1000; MonotonicNanos() < end;)
      ASSERT_TRUE(writer.rows().Poll(1000, &done).has_value());
    ASSERT_TRUE(done.empty());
  };
  poll_for(10'000);  // it looks, and then each half second
  server_.Ask({"FLUSHALL"});
  proxy_.Delay(900'000);
  const int64_t user = 1;
  writer.Send(0, KeyBytes(user), 1);  // is told that nobody has the claim; the next look is behind
  EXPECT_EQ(writer.Finish()[0].outcome, Outcome::kFailed);
  ASSERT_TRUE(writer.rows().Claim(RowClaim(1, 1)).has_value());
  const uint64_t incarnation = writer.rows().incarnation();
  proxy_.Delay(0);
  poll_for(1'500'000);
  EXPECT_EQ(writer.rows().incarnation(), incarnation);
}

// An answer that was long under way tells an old time. Nothing is written after it, as in a lull,
// and yet the server's clock is known again: by it values are written that time alone changes.
TEST_F(RedisNetworkTest, TheClockCatchesUpAfterALateAnswer) {
  constexpr DurationUs kLateUs = 300'000;
  TestWriter writer(options());
  writer.Connect();
  ASSERT_TRUE(writer.Claim().has_value());
  proxy_.Delay(kLateUs);
  const int64_t user = 1;
  ASSERT_EQ(writer.Write(0, KeyBytes(user), 1).outcome, Outcome::kWritten);
  proxy_.Delay(0);
  const auto ahead = [&] { return writer.rows().now_us() - MonotonicNanos() / 1000; };
  const DurationUs late = ahead();
  const int64_t begin = MonotonicNanos();
  std::vector<RowWritten> none;
  while (ahead() < late + kLateUs / 2 && MonotonicNanos() - begin < options().timeout_us * 1000)
    ASSERT_TRUE(writer.rows().Poll(1000, &none).has_value());
  EXPECT_GE(ahead(), late + kLateUs / 2);
}

// Twenty milliseconds to each answer: calls overlap, so a row costs a share of that.
TEST_F(RedisNetworkTest, ASlowStoreIsKeptBusy) {
  proxy_.Delay(20'000);
  TestWriter writer(options());
  writer.Connect();
  const int64_t begin = MonotonicNanos();
  constexpr int64_t kRounds = 5;
  constexpr int64_t kUsers = 4000;
  for (Sequence sequence = 1; sequence <= kRounds; ++sequence) {
    for (int64_t user = 0; user < kUsers; ++user) writer.Send(0, KeyBytes(user), sequence);
    for (const RowWritten& done : writer.Finish()) ASSERT_EQ(done.outcome, Outcome::kWritten);
  }
  // One after the other they would take 400 s at the least.
  EXPECT_LT(MonotonicNanos() - begin, int64_t{100} * kRounds * 1'000'000'000);
  RecordProperty("rows_a_second",
                 std::to_string(kRounds * kUsers * 1'000'000'000 / (MonotonicNanos() - begin)));
}

// Cut at any moment, with answers lost: retried until acknowledged, no row moves back, and a stamp
// once told stays.
TEST_F(RedisNetworkTest, RandomCutsNeitherLoseNorDoubleNorRegress) {
  TestWriter writer(options());
  std::mt19937_64 random(3);
  constexpr int64_t kUsers = 50;
  std::vector<Stamp> told(kUsers);
  for (Sequence sequence = 1; sequence <= 60; ++sequence) {
    std::vector<int64_t> left(kUsers);
    for (int64_t user = 0; user < kUsers; ++user) left[static_cast<size_t>(user)] = user;
    while (!left.empty()) {
      const bool swallow = random() % 4 == 0;
      proxy_.Swallow(swallow);
      for (const int64_t& user : left)
        writer.Send(0, KeyBytes(user), sequence, static_cast<uint64_t>(user));
      std::vector<RowWritten> early;
      for (size_t polls = random() % 4; polls > 0; --polls)
        static_cast<void>(writer.rows().Poll(static_cast<DurationUs>(random() % 300), &early));
      if (swallow || random() % 2 == 0) proxy_.Cut();
      proxy_.Swallow(false);
      left.clear();
      for (const RowWritten& done : writer.Finish(std::move(early))) {
        const auto user = static_cast<int64_t>(done.ticket);
        if (done.outcome == Outcome::kFailed) {
          ASSERT_TRUE(done.may_retry);
          left.push_back(user);
          continue;
        }
        ASSERT_EQ(done.stored_sequence, sequence);
        Stamp& stamp = told[static_cast<size_t>(user)];
        ASSERT_GT(done.available_us, stamp.available_us);
        stamp = {sequence, done.available_us};
      }
    }
  }
}

}  // namespace
}  // namespace skewless::redis
