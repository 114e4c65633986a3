// Versioned writes against a real Redis: in every order, repeated, by writers of older epochs, with
// the script forgotten and the server killed.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "online/redis/redis_row_fixture.h"

namespace skewless::redis {
namespace {

TEST_F(RedisRowsTest, OnlyAGreaterSequenceReplacesARow) {
  TestWriter writer(options());
  const RowWritten first = writer.Write(0, key_, kEpoch + 5);
  EXPECT_EQ(first.outcome, Outcome::kWritten) << first.error.ToString();
  const RowWritten again = writer.Write(0, key_, kEpoch + 5);
  EXPECT_EQ(again.outcome, Outcome::kAlreadyThere);
  EXPECT_EQ(again.available_us, first.available_us);
  const RowWritten older = writer.Write(0, key_, kEpoch + 4);
  EXPECT_EQ(older.outcome, Outcome::kOlder);
  EXPECT_EQ(older.stored_sequence, kEpoch + 5);
  EXPECT_EQ(older.available_us, first.available_us);
  const RowWritten newer = writer.Write(0, key_, kEpoch + 6);
  EXPECT_EQ(newer.outcome, Outcome::kWritten);
  EXPECT_GT(newer.available_us, first.available_us);
  EXPECT_EQ(Stored(writer, 0, key_).stamps, (std::vector<Stamp>{{kEpoch + 6, newer.available_us}}));
}

// Before anybody claims anything.
TEST_F(RedisRowsTest, TheServersClockIsToldWhenItIsExamined) {
  const auto clock = NewWallClock();  // of one machine
  const Timestamp before = clock->Now();
  const auto told = TestWriter(options()).rows().Examine();
  ASSERT_TRUE(told.has_value()) << told.error().ToString();
  EXPECT_GE(*told, before);
  EXPECT_LE(*told, clock->Now());
}

// Sequences that a double can't tell apart, and whose bytes in either order mislead.
TEST_F(RedisRowsTest, SequencesCompareInAllTheirBits) {
  TestWriter writer(options());
  const Sequence ascending[] = {1,
                                255,
                                256,
                                0x7fffffff,
                                0x80000000,
                                0xffffffff,
                                0x100000000,
                                kEpoch - 1,
                                kEpoch,
                                kEpoch + 1,
                                (Sequence{1} << 62) + 1,
                                (Sequence{1} << 62) + 2,
                                INT64_MAX - 1,
                                INT64_MAX};
  for (const Sequence sequence : ascending) {
    EXPECT_EQ(writer.Write(0, key_, sequence).outcome, Outcome::kWritten) << sequence;
    EXPECT_EQ(writer.Write(0, key_, sequence - 1).outcome, Outcome::kOlder) << sequence;
    EXPECT_EQ(Stored(writer, 0, key_).sequence, sequence);
  }
}

// Whatever comes in whatever order, however often: the row holds the greatest, and each write is
// told so.
TEST_F(RedisRowsTest, RandomOrdersNeverMoveARowBack) {
  TestWriter writers[] = {TestWriter(options()), TestWriter(options())};
  std::mt19937_64 random(20261126);
  std::map<int64_t, Stamp> model;
  Timestamp newest_stamp = 0;
  for (int round = 0; round < 300; ++round) {
    TestWriter& writer = writers[random() % 2];
    std::vector<std::pair<int64_t, Sequence>> sent;
    std::vector<int64_t> users = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    std::shuffle(users.begin(), users.end(), random);
    users.resize(1 + random() % users.size());
    for (const int64_t& user : users) {
      const auto sequence = static_cast<Sequence>((random() % 3) * kEpoch + random() % 40 + 1);
      writer.Send(1, KeyBytes(user), sequence, sent.size());
      sent.push_back({user, sequence});
    }
    for (const RowWritten& done : writer.Finish()) {
      const auto [user, sequence] = sent.at(done.ticket);
      Stamp& row = model[user];
      if (sequence > row.sequence) {
        ASSERT_EQ(done.outcome, Outcome::kWritten) << done.error.ToString();
        ASSERT_GT(done.available_us, row.available_us);
        row = {sequence, done.available_us};
        newest_stamp = std::max(newest_stamp, done.available_us);
      } else {
        ASSERT_EQ(done.outcome,
                  sequence == row.sequence ? Outcome::kAlreadyThere : Outcome::kOlder);
        ASSERT_EQ(done.stored_sequence, row.sequence);
        ASSERT_EQ(done.available_us, row.available_us);
      }
    }
    EXPECT_EQ(server_.AskText({"GET", "shop::clock"}), std::to_string(newest_stamp) + " 65536");
  }
}

// An engine that was stopped with writes in flight wakes after another has taken over. What it sent
// before is there to be compared; what comes later is refused, also where it moves a row forward.
TEST_F(RedisRowsTest, AZombiesLateWritesChangeNothing) {
  TestWriter zombie(options(), 1);
  zombie.Connect();
  ASSERT_TRUE(zombie.Claim().has_value());
  std::vector<int64_t> users(500);
  for (size_t i = 0; i < users.size(); ++i) users[i] = static_cast<int64_t>(i);
  server_.Pause();  // what it sends waits in the server's socket
  for (const int64_t& user : users) zombie.Send(0, KeyBytes(user), 1 * kEpoch + 1000 + user);
  server_.Continue();
  TestWriter engine(options(), 2);
  ASSERT_TRUE(engine.Claim().has_value());
  std::vector<StoredRow> seen;
  for (const int64_t& user : users) seen.push_back(Stored(engine, 0, KeyBytes(user)));
  const auto refused = [](const RowWritten& done) {
    return done.outcome == Outcome::kFailed && !done.may_retry &&
           done.error.code == ErrorCode::kLocked;
  };
  for (const RowWritten& done : zombie.Finish())
    EXPECT_TRUE(done.outcome == Outcome::kWritten || refused(done));
  for (const int64_t& user : users) zombie.Send(0, KeyBytes(user), 9 * kEpoch + user);
  for (const RowWritten& done : zombie.Finish()) {
    EXPECT_TRUE(refused(done));
    EXPECT_NE(done.error.message.find("it is of epoch 2, this one of epoch 1"), std::string::npos);
  }
  EXPECT_EQ(zombie.Claim().error().code, ErrorCode::kLocked);
  for (const int64_t& user : users) {
    EXPECT_EQ(Stored(engine, 0, KeyBytes(user)).stamps, seen[static_cast<size_t>(user)].stamps);
    engine.Send(0, KeyBytes(user), 2 * kEpoch + user);
  }
  for (const RowWritten& done : engine.Finish()) EXPECT_EQ(done.outcome, Outcome::kWritten);
}

// A server that lost its keys takes no rows before somebody has claimed them anew: a late write of
// an engine that died finds nobody's rows, or its successor's.
TEST_F(RedisRowsTest, NobodyWritesToRowsThatNobodyHasClaimed) {
  TestWriter engine(options(), 2);
  EXPECT_EQ(engine.Write(0, key_, 2 * kEpoch).outcome, Outcome::kWritten);
  server_.Ask({"FLUSHALL"});
  const uint64_t before = engine.rows().incarnation();
  engine.Send(0, key_, 2 * kEpoch + 1);
  const int64_t other = 43;
  engine.Send(0, KeyBytes(other), 2 * kEpoch + 1);
  for (const RowWritten& done : engine.Finish()) {
    EXPECT_EQ(done.outcome, Outcome::kFailed);
    EXPECT_TRUE(done.may_retry);
  }
  EXPECT_NE(engine.rows().incarnation(), before);
  EXPECT_EQ(server_.AskText({"DBSIZE"}), "0");
  // Older ones may, until the engine comes back; then it reads what they wrote.
  TestWriter dead(options(), 1);
  const RowWritten late = dead.Write(0, key_, kEpoch);
  EXPECT_EQ(late.outcome, Outcome::kWritten);
  ASSERT_TRUE(engine.Claim().has_value());
  EXPECT_EQ(dead.Write(0, key_, kEpoch + 1).error.code, ErrorCode::kLocked);
  EXPECT_EQ(Stored(engine, 0, key_).stamps, (std::vector<Stamp>{{kEpoch, late.available_us}}));
  EXPECT_EQ(engine.Write(0, key_, 2 * kEpoch + 1).outcome, Outcome::kWritten);
}

TEST_F(RedisRowsTest, AForgottenScriptIsLoadedAgain) {
  TestWriter writer(options());
  EXPECT_EQ(writer.Write(0, key_, 1).outcome, Outcome::kWritten);
  server_.Ask({"SCRIPT", "FLUSH"});
  for (int64_t user = 0; user < 200; ++user) writer.Send(1, KeyBytes(user), 7);
  for (const RowWritten& done : writer.Finish())
    EXPECT_EQ(done.outcome, Outcome::kWritten) << done.error.ToString();
}

TEST_F(RedisRowsTest, WhatIsNoRowOfOursIsLeftAlone) {
  TestWriter writer(options());
  EXPECT_EQ(writer.Write(0, key_, 1).outcome, Outcome::kWritten);
  const Reply keys = server_.Ask({"KEYS", "shop:activity:*"});
  ASSERT_EQ(keys->elements, 1u);
  const std::string name(TextOf(*keys->element[0]));
  for (const bool text : {true, false}) {
    server_.Ask({"DEL", name});
    if (text) {
      server_.Ask({"SET", name, "hello"});
    } else {
      server_.Ask({"HSET", name, "field", "value"});
    }
    const int64_t other = 43;
    writer.Send(0, key_, 9, 1);
    writer.Send(0, KeyBytes(other), text ? 1 : 2, 2);
    for (const RowWritten& done : writer.Finish()) {
      if (done.ticket == 2) {
        EXPECT_EQ(done.outcome, Outcome::kWritten);
        continue;
      }
      EXPECT_EQ(done.outcome, Outcome::kFailed);
      EXPECT_FALSE(done.may_retry);
      EXPECT_EQ(done.error.code, ErrorCode::kVersion);
    }
    EXPECT_EQ(server_.AskText({"TYPE", name}), text ? "string" : "hash");
    const RowKey row{0, key_};
    std::vector<StoredRow> rows;
    const Status read = writer.rows().ReadVersions(std::span(&row, 1), &rows);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code, text ? ErrorCode::kCorrupt : ErrorCode::kVersion);
  }
}

TEST_F(RedisRowsTest, AServerThatIsKilledFailsWhatWasInFlightAndIsFoundAgain) {
  TestWriter writer(options());
  writer.Connect();
  const uint64_t before = writer.rows().incarnation();
  for (int64_t user = 0; user < 1000; ++user) writer.Send(0, KeyBytes(user), 1);
  server_.Kill();
  int failed = 0;
  for (const RowWritten& done : writer.Finish()) {
    if (done.outcome == Outcome::kWritten) continue;
    ++failed;
    EXPECT_EQ(done.outcome, Outcome::kFailed);
    EXPECT_TRUE(done.may_retry);
    EXPECT_EQ(done.error.code, ErrorCode::kUnavailable);
  }
  std::vector<RowWritten> none;
  Status health;
  while ((health = writer.rows().Poll(1000, &none)).has_value()) {
  }
  EXPECT_EQ(health.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(writer.rows().incarnation(), before);
  server_.Start();
  for (int64_t user = 0; user < 1000; ++user)
    EXPECT_EQ(writer.WriteSurely(0, KeyBytes(user), 1).outcome, Outcome::kWritten);
  EXPECT_NE(writer.rows().incarnation(), before);
  EXPECT_TRUE(writer.rows().Poll(0, &none).has_value());
}

TEST_F(RedisRowsTest, FlushedRowsAreNoticed) {
  TestWriter writer(options());
  EXPECT_EQ(writer.Write(0, key_, 1).outcome, Outcome::kWritten);
  const uint64_t before = writer.rows().incarnation();
  EXPECT_EQ(writer.Write(0, key_, 2).outcome, Outcome::kWritten);
  EXPECT_EQ(writer.rows().incarnation(), before);
  server_.Ask({"FLUSHALL"});
  // Also where no write comes in between: readers are not let in to rows that are gone.
  EXPECT_EQ(writer.rows().OpenForReaders(before).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(server_.Ask({"EXISTS", "shop::open"})->integer, 0);
  EXPECT_NE(writer.rows().incarnation(), before);
  EXPECT_EQ(writer.WriteSurely(0, key_, 3).outcome, Outcome::kWritten);
  const Status opened = writer.rows().OpenForReaders(before);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(writer.rows().OpenForReaders(writer.rows().incarnation()).has_value());
}

TEST_F(RedisRowsTest, FlushedRowsAreNoticedWithNothingToWrite) {
  TestWriter writer(options());
  writer.ConnectAndOpen();
  for (int flushes = 0; flushes < 2; ++flushes) {
    const uint64_t before = writer.rows().incarnation();
    server_.Ask({"FLUSHALL"});
    std::vector<RowWritten> none;
    while (writer.rows().incarnation() == before)
      ASSERT_TRUE(writer.rows().Poll(1000, &none).has_value());
    ASSERT_TRUE(writer.Claim().has_value());
  }
}

TEST_F(RedisRowsTest, RowsOfAnotherLogAreLeftAlone) {
  TestWriter writer(options());
  EXPECT_FALSE(Stored(writer, 0, key_).found);
  RedisOptions other = options();
  other.log_identity = 8;
  TestWriter stranger(other);
  const RowKey row{0, key_};
  std::vector<StoredRow> rows;
  const Status read = stranger.rows().ReadVersions(std::span(&row, 1), &rows);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kLocked);
  EXPECT_NE(read.error().remedy.find("online.key_prefix"), std::string::npos);
}

// Whatever bytes they are: line feeds, quotes, zeros.
TEST_F(RedisRowsTest, TheCommandThatRemovesAnotherLogsRowsDoes) {
  RedisOptions options = TestOptions(server_.address());
  options.key_prefix = "it's [all]: ";
  options.database = 2;
  TestWriter writer(options);
  for (int64_t user = 0; user < 256; ++user) writer.Send(0, KeyBytes(user), 1);
  for (const RowWritten& done : writer.Finish()) ASSERT_EQ(done.outcome, Outcome::kWritten);
  RedisOptions neighbours = options;
  neighbours.key_prefix = "it's a: ";
  EXPECT_EQ(TestWriter(neighbours).Write(0, key_, 1).outcome, Outcome::kWritten);
  options.log_identity = 8;
  const std::string remedy = TestWriter(options).Claim().error().remedy;
  const std::string command = remedy.substr(remedy.find("first: ") + 7) + " > /dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  EXPECT_TRUE(TestWriter(options).Claim().has_value());
  EXPECT_TRUE(Stored(*std::make_unique<TestWriter>(neighbours), 0, key_).found);
}

TEST_F(RedisRowsTest, AFullServerTakesRowsLater) {
  TestWriter writer(options());
  writer.Connect();
  ASSERT_TRUE(writer.Claim().has_value());
  server_.Ask({"CONFIG", "SET", "maxmemory", "1"});
  const RowWritten refused = writer.Write(0, key_, 1);
  EXPECT_EQ(refused.outcome, Outcome::kFailed);
  EXPECT_TRUE(refused.may_retry);
  EXPECT_EQ(refused.error.code, ErrorCode::kNoSpace) << refused.error.ToString();
  server_.Ask({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(writer.Write(0, key_, 1).outcome, Outcome::kWritten);
}

TEST_F(RedisRowsTest, AServerThatEvictsRowsIsRefused) {
  server_.Ask({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  TestWriter writer(options());
  writer.Connect();
  const Status opened = writer.rows().OpenForReaders(writer.rows().incarnation());
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().remedy.find("noeviction"), std::string::npos);
}

TEST_F(RedisRowsTest, RowsThatNobodyCanNeedExpire) {
  RedisOptions expiring = options();
  expiring.expire_after_us = {kDayUs, 0};
  TestWriter writer(expiring);
  auto clock = NewWallClock();
  // The fixture's newest event is the sequence: a day before now, and now.
  const Timestamp today = clock->Now();
  const int64_t other = 43;
  EXPECT_EQ(writer.Write(0, key_, today - 2 * kDayUs).outcome, Outcome::kWritten);
  EXPECT_EQ(writer.Write(0, KeyBytes(other), today).outcome, Outcome::kWritten);
  EXPECT_EQ(writer.Write(1, key_, today - 2 * kDayUs).outcome, Outcome::kWritten);
  EXPECT_FALSE(Stored(writer, 0, key_).found);
  EXPECT_TRUE(Stored(writer, 0, KeyBytes(other)).found);
  EXPECT_TRUE(Stored(writer, 1, key_).found);
  const Reply keys = server_.Ask({"KEYS", "shop:*:{*"});
  ASSERT_EQ(keys->elements, 2u);
  int expiring_keys = 0;
  for (size_t i = 0; i < keys->elements; ++i) {
    const std::string at_ms = server_.AskText({"PEXPIRETIME", TextOf(*keys->element[i])});
    if (at_ms == "-1") continue;
    ++expiring_keys;
    // A minute after its time: readers of ours tell by the row itself.
    EXPECT_EQ(std::stoll(at_ms), FloorDiv(today + kDayUs, 1000) + 60'000);
  }
  EXPECT_EQ(expiring_keys, 1);
}

}  // namespace
}  // namespace skewless::redis
