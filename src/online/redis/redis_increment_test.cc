// Rows written by increments, on a real server: what goes out, what readers see, and that nothing
// counts twice or is lost whatever happens to writes, writers and rows.
#include <limits>

#include "online/redis/increment_call.h"
#include "online/redis/increment_fixture.h"
#include "online/redis/tcp_proxy_fixture.h"

namespace skewless::redis {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
using Hash = std::map<std::string, std::string>;

TEST_F(IncrementTest, AHashHoldsTheNumbersOfTheState) {
  IncrementWriter writer(options(), kernel());
  writer.Open();
  TestEntity entity(view_);
  Add(entity, 0, 5);
  Add(entity, 1, 7);
  const RowWritten done = writer.Write(key_, entity.state());
  EXPECT_EQ(done.outcome, Outcome::kWritten);
  EXPECT_EQ(done.stored_sequence, 2);
  Hash fields = Fields();
  fields.erase("row");
  // Accumulators: 0 visits, 1 total with its count, 2 most with its count. 1000 s is tile 100 of
  // 10 s.
  EXPECT_EQ(fields, (Hash{{"0n", "2"},
                          {"1n:1000", "1"},
                          {"1s:1000", "5"},
                          {"1n:1001", "1"},
                          {"1s:1001", "7"},
                          {"2n:100", "2"},
                          {"2g:100", "7"}}));
  EXPECT_EQ(Read(now_), "2, 12, 7");
  EXPECT_EQ(Read(now_), entity.Show(now_));
}

TEST_F(IncrementTest, OnlyWhatChangedGoesOut) {
  IncrementWriter writer(options(), kernel());
  writer.Open();
  TestEntity entity(view_);
  Add(entity, 0, 5);
  const int64_t additions = Calls("hincrby"), removals = Calls("del");
  writer.Write(key_, entity.state());
  EXPECT_EQ(Calls("hincrby"), additions);
  EXPECT_EQ(Calls("del"), removals + 1);
  const int64_t sets = Calls("hset");
  Add(entity, 0, -2);
  const RowWritten done = writer.Write(key_, entity.state());
  EXPECT_EQ(done.outcome, Outcome::kWritten);
  // Visits; the tile's count and sum; the coarser tile's count. The greatest stayed.
  EXPECT_EQ(Calls("hincrby"), additions + 4);
  EXPECT_EQ(Calls("hset"), sets + 1);
  EXPECT_EQ(Calls("del"), removals + 1);  // of the first write
  EXPECT_EQ(Read(now_), "2, 3, 5");
}

// By the fingerprint that tells rows by increments from others in the log of stamps.
TEST_F(IncrementTest, RowsOfAnEarlierDefinitionAreFoundByTheirKeys) {
  IncrementWriter old(options(), kernel());
  TestEntity entity(view_);
  Add(entity, 0, 5);
  const std::vector<Stamp> stamps = {{1, 1'700'000'000'000'000}};
  Add(entity, 1, 7);
  const RowWritten done = old.Write(key_, entity.state(), stamps);
  RedisOptions changed = options();
  changed.fingerprints[0] += 1;
  TestWriter writer(changed, 2);
  ASSERT_TRUE(writer.Claim().has_value());
  std::vector<EarlierRow> rows;
  const std::vector<EarlierRows> earlier = {{"numbers", ~kernel().fingerprint()}};
  const auto more = writer.rows().ReadEarlier(earlier, /*anew=*/true, &rows);
  ASSERT_TRUE(more.has_value()) << more.error().ToString();
  EXPECT_FALSE(*more);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(AsText(rows[0].key), AsText(key_));
  EXPECT_EQ(rows[0].stamps, (std::vector<Stamp>{stamps[0], {2, done.available_us}}));
}

// It takes no rows; those that it has are read.
TEST_F(IncrementTest, AServerThatIsFullIsStillRead) {
  IncrementWriter writer(options(), kernel());
  writer.Open();
  TestEntity entity(view_);
  Add(entity, 0, 5);
  writer.Write(key_, entity.state());
  ASSERT_EQ(server_.AskText({"CONFIG", "SET", "maxmemory", "1"}), "OK");
  Add(entity, 0, 7);
  EXPECT_EQ(writer.Write(key_, entity.state()).error.code, ErrorCode::kNoSpace);
  EXPECT_EQ(Read(now_), "1, 5, 5");
}

TEST_F(IncrementTest, TilesThatLeftAreRemoved) {
  IncrementWriter writer(options(), kernel());
  writer.Open();
  TestEntity entity(view_);
  for (int64_t second = 0; second < 500; ++second) {
    Add(entity, second, second);
    writer.Write(key_, entity.state());
    const Timestamp now = (1000 + second) * kSecondUs;
    ASSERT_EQ(Read(now), entity.Show(now));
  }
  // All time; 60 tiles of a second and 6 of 10 s, two numbers each; the head.
  EXPECT_LE(Fields().size(), 1u + 2 * (60 + 7) + 1);
  EXPECT_GT(Calls("hdel"), 400);
}

// 2^63 - 1 and one more: Redis' integers end there, sums of a state don't.
TEST_F(IncrementTest, SumsLeaveInt64AndComeBack) {
  IncrementWriter writer(options(), kernel());
  writer.Open();
  TestEntity entity(view_);
  for (const int64_t n : {kMost, int64_t{1}, kMost, int64_t{-1}, -kMost, -kMost, -kMost, kMost}) {
    Add(entity, 0, n);
    EXPECT_EQ(writer.Write(key_, entity.state()).outcome, Outcome::kWritten);
    ASSERT_EQ(Read(now_), entity.Show(now_));
  }
  EXPECT_EQ(Fields()["1n:1000"], "8");
  EXPECT_FALSE(Fields().contains("1s:1000")) << "a sum that is 0 again is not kept";
}

TEST_F(IncrementTest, TheSameStepTwiceCountsOnce) {
  IncrementWriter writer(options(), kernel());
  writer.Open();
  TestEntity entity(view_);
  Add(entity, 0, 5);
  writer.Write(key_, entity.state());
  Add(entity, 0, 6);
  const RowWritten first = writer.Write(key_, entity.state());
  const RowWritten again = writer.Write(key_, entity.state());
  EXPECT_EQ(again.outcome, Outcome::kAlreadyThere);
  EXPECT_EQ(again.available_us, first.available_us);
  EXPECT_EQ(Read(now_), "2, 11, 6");
}

// The answer is lost on its way: the retry, from the same base, is told the stamp that was given.
TEST_F(IncrementTest, ALostAnswersRetryCountsOnce) {
  TcpProxy proxy(server_.port());
  IncrementWriter writer(IncrementOptions(proxy.address(), kernel()), kernel());
  writer.Open();
  TestEntity entity(view_);
  Add(entity, 0, 5);
  writer.Write(key_, entity.state());
  for (int64_t n = 1; n <= 5; ++n) {
    Add(entity, 0, n);
    const uint64_t before = proxy.swallowed_bytes();
    const std::string clock = server_.AskText({"GET", "shop::clock"});
    proxy.Swallow(true);
    writer.Send(key_, entity.state());
    std::vector<RowWritten> none;
    // Another answer than the write's may be lost before it.
    while (server_.AskText({"GET", "shop::clock"}) == clock || proxy.swallowed_bytes() == before)
      static_cast<void>(writer.rows().Poll(1000, &none));
    proxy.Swallow(false);
    proxy.Cut();
    ASSERT_TRUE(none.empty());
    EXPECT_EQ(writer.Finish()[0].outcome, Outcome::kFailed);
    RowWritten done;
    do {
      done = writer.Write(key_, entity.state());
    } while (done.outcome == Outcome::kFailed);
    EXPECT_EQ(done.outcome, Outcome::kAlreadyThere);
    EXPECT_EQ(Read(now_), entity.Show(now_));
  }
}

// Steps as they are on the wire, landing in any order and more than once.
TEST_F(IncrementTest, StepsLandInTheirOrderOrNotAtAll) {
  IncrementWriter writer(options(), kernel());
  writer.Open();
  TestEntity entity(view_);
  Add(entity, 0, 1);
  writer.Write(key_, entity.state());
  std::vector<Bytes> states(1);
  kernel().Compact(entity.state(), &states[0]);
  for (int64_t n = 2; n <= 4; ++n) {
    Add(entity, 0, n);
    kernel().Compact(entity.state(), &states.emplace_back());
  }
  IncrementEncoder encoder;
  redisContext* const context = redisConnect("127.0.0.1", server_.port());
  server_.Ask({"SCRIPT", "LOAD", IncrementScript().text});
  // From the state of sequence `step` to the next one's.
  const auto land = [&](size_t step, uint32_t by = 1) {
    const RowWrite row{0, key_, static_cast<Sequence>(step + 1), states[step], {}, 0, by};
    const IncrementWrite write{&row, &kernel(), states[step - 1]};
    const std::string key = RedisKey();
    WriteCall call;
    call.writer = by;
    encoder.Encode("shop::clock", std::span(&write, 1), std::span(&key, 1), {}, &call);
    SKEWLESS_CHECK(redisAppendFormattedCommand(context,
                                               reinterpret_cast<const char*>(call.command.data()),
                                               call.command.size()) == REDIS_OK);
    void* answer = nullptr;
    SKEWLESS_CHECK(redisGetReply(context, &answer) == REDIS_OK);
    const Reply reply(static_cast<redisReply*>(answer));
    std::vector<RowWritten> done;
    const auto decoded = DecodeWriteReply(*reply, call, &done);
    SKEWLESS_CHECK(decoded.has_value());
    return decoded->apart.empty() ? done[0].outcome : Outcome::kFailed;
  };
  EXPECT_EQ(land(2), Outcome::kFailed) << "ahead of the step before it";
  EXPECT_EQ(land(3), Outcome::kFailed);
  EXPECT_EQ(Read(now_), "1, 1, 1");
  EXPECT_EQ(land(1), Outcome::kWritten);
  EXPECT_EQ(land(1), Outcome::kAlreadyThere);
  EXPECT_EQ(land(3), Outcome::kFailed);
  EXPECT_EQ(land(2), Outcome::kWritten);
  EXPECT_EQ(land(1), Outcome::kOlder);
  // From the right sequence, of a row that another writer left: it may hold other tiles.
  const std::string mark = server_.AskText({"GET", "shop::clock"});
  server_.Ask({"SET", "shop::clock", mark.substr(0, mark.find(' ')) + " 2"});
  EXPECT_EQ(land(3, 2), Outcome::kFailed);
  server_.Ask({"SET", "shop::clock", mark});
  EXPECT_EQ(land(3), Outcome::kWritten);
  EXPECT_EQ(land(2), Outcome::kOlder);
  EXPECT_EQ(Read(now_), "4, 10, 4");
  redisFree(context);
}

TEST_F(IncrementTest, ARowThatIsGoneComesBackWhole) {
  IncrementWriter writer(options(), kernel());
  writer.Open();
  TestEntity entity(view_);
  Add(entity, 0, 5);
  writer.Write(key_, entity.state());
  server_.Ask({"DEL", RedisKey()});
  EXPECT_EQ(Read(now_), "not found");
  Add(entity, 0, 6);
  const RowWritten done = writer.Write(key_, entity.state());
  EXPECT_EQ(done.outcome, Outcome::kWritten);
  EXPECT_EQ(Read(now_), "2, 11, 6");
  // And the next one is a step again.
  const int64_t steps = Calls("hincrby");
  Add(entity, 0, 7);
  writer.Write(key_, entity.state());
  EXPECT_GT(Calls("hincrby"), steps);
  EXPECT_EQ(Read(now_), "3, 18, 7");
}

TEST_F(IncrementTest, AfterAFlushRowsAreWrittenWhole) {
  IncrementWriter writer(options(), kernel());
  writer.Open();
  TestEntity entity(view_);
  Add(entity, 0, 5);
  writer.Write(key_, entity.state());
  const uint64_t incarnation = writer.rows().incarnation();
  server_.Ask({"FLUSHALL"});
  Add(entity, 0, 6);
  EXPECT_EQ(writer.Write(key_, entity.state()).outcome, Outcome::kFailed);
  EXPECT_NE(writer.rows().incarnation(), incarnation);
  writer.Claim();
  EXPECT_EQ(writer.Write(key_, entity.state()).outcome, Outcome::kWritten);
  writer.Open();
  EXPECT_EQ(Read(now_), "2, 11, 6");
}

// Somebody wrote into the hash: a number that is none is noticed by the next step, any other
// change by whoever reads.
TEST_F(IncrementTest, AHashThatWasMeddledWithIsSeen) {
  IncrementWriter writer(options(), kernel());
  writer.Open();
  TestEntity entity(view_);
  Add(entity, 0, 5);
  writer.Write(key_, entity.state());
  server_.Ask({"HINCRBY", RedisKey(), "0n", "1"});
  EXPECT_EQ(Read(now_), "a row in Redis is damaged: its checksum fails");
  server_.Ask({"HSET", RedisKey(), "0n", "many"});
  EXPECT_EQ(Read(now_), "a row in Redis is damaged: a field of its hash is none of a row's");
  Add(entity, 0, 6);
  // It is never away, as that of an entity without events is.
  const int64_t removed = Calls("del");
  EXPECT_EQ(writer.Write(key_, entity.state()).outcome, Outcome::kWritten);
  EXPECT_EQ(Calls("del"), removed + 1);  // in the script that writes it whole
  EXPECT_EQ(Read(now_), "2, 11, 6");
  server_.Ask({"HDEL", RedisKey(), "row"});
  EXPECT_EQ(Read(now_), "a row in Redis is damaged: it is shorter than a row's head");
}

TEST_F(IncrementTest, WhatIsNoRowOfOursStays) {
  IncrementWriter writer(options(), kernel());
  TestEntity entity(view_);
  Add(entity, 0, 5);
  server_.Ask({"SET", RedisKey(), "text"});
  const RowWritten text = writer.Write(key_, entity.state());
  EXPECT_EQ(text.outcome, Outcome::kFailed);
  EXPECT_FALSE(text.may_retry);
  EXPECT_EQ(text.error.code, ErrorCode::kVersion);
  EXPECT_EQ(server_.AskText({"GET", RedisKey()}), "text");
  server_.Ask({"DEL", RedisKey()});
  server_.Ask({"HSET", RedisKey(), "somebody's", "hash"});
  EXPECT_FALSE(writer.Write(key_, entity.state()).may_retry);
  server_.Ask({"HSET", RedisKey(), "row", std::string(80, 'x')});
  EXPECT_FALSE(writer.Write(key_, entity.state()).may_retry);
  EXPECT_EQ(Fields()["somebody's"], "hash");
}

// An engine that was taken for dead writes no more; its successor takes what it left as it is, and
// replaces it whole.
TEST_F(IncrementTest, ALaterWriterTakesOver) {
  IncrementWriter older(options(), kernel(), 1);
  TestEntity entity(view_);
  Add(entity, 0, 5);
  older.Write(key_, entity.state());
  IncrementWriter newer(options(), kernel(), 2);
  newer.Open();
  const int64_t additions = Calls("hincrby");
  const RowKey row{0, key_};
  std::vector<StoredRow> stored;
  ASSERT_TRUE(newer.rows().ReadVersions(std::span(&row, 1), &stored).has_value());
  EXPECT_TRUE(stored[0].found);
  EXPECT_EQ(stored[0].sequence, 1);
  EXPECT_EQ(stored[0].stamps.size(), 1u);
  Add(entity, 0, 6);
  const RowWritten late = older.Write(key_, entity.state());
  EXPECT_EQ(late.outcome, Outcome::kFailed);
  EXPECT_EQ(late.error.code, ErrorCode::kLocked);
  EXPECT_EQ(Read(now_), "1, 5, 5");
  EXPECT_EQ(newer.Write(key_, entity.state()).outcome, Outcome::kWritten);
  EXPECT_EQ(Read(now_), "2, 11, 6");
  EXPECT_EQ(Calls("hincrby"), additions);
}

TEST_F(IncrementTest, RowsCarryTheirUnloggedStamps) {
  IncrementWriter writer(options(), kernel());
  TestEntity entity(view_);
  std::vector<Stamp> unlogged;
  for (int64_t n = 1; n <= 40; ++n) {
    Add(entity, 0, n);
    const RowWritten done = writer.Write(key_, entity.state(), unlogged);
    const RowKey row{0, key_};
    std::vector<StoredRow> stored;
    ASSERT_TRUE(writer.rows().ReadVersions(std::span(&row, 1), &stored).has_value());
    unlogged.push_back({done.stored_sequence, done.available_us});
    EXPECT_EQ(stored[0].stamps, unlogged);
  }
}

TEST_F(IncrementTest, ExpiresAsOtherRowsDo) {
  RedisOptions expiring = options();
  expiring.expire_after_us = {60 * kSecondUs};
  IncrementWriter writer(expiring, kernel());
  writer.Open();
  TestEntity entity(view_);
  const Timestamp at = 4'000'000'000 * kSecondUs;
  entity.Apply(TestEvent{.event_us = at, .n = 5, .x = {}, .s = {}, .b = {}}, at);
  writer.Write(key_, entity.state());
  const auto expires = [&] { return server_.Ask({"PEXPIRETIME", RedisKey()})->integer; };
  EXPECT_EQ(expires(), (at + 60 * kSecondUs) / 1000 + 60'000);
  entity.Apply(TestEvent{.event_us = at + kSecondUs, .n = 5, .x = {}, .s = {}, .b = {}},
               at + kSecondUs);
  writer.Write(key_, entity.state());
  EXPECT_EQ(expires(), (at + 61 * kSecondUs) / 1000 + 60'000);
}

// Thousands of numbers in one row, more than Lua's stack holds at once.
TEST_F(IncrementTest, LongRowsGoOutInOnePiece) {
  const TestView exact({{"total", "sum(n) over 30m exact"}});
  IncrementWriter writer(IncrementOptions(server_.address(), exact.kernel()), exact.kernel());
  writer.Open();
  TestEntity entity(exact);
  for (int64_t i = 0; i < 12'000; ++i) {
    const Timestamp at = 1000 * kSecondUs + i * 1000;
    entity.Apply(TestEvent{.event_us = at, .n = i, .x = {}, .s = {}, .b = {}}, at);
  }
  EXPECT_EQ(writer.Write(key_, entity.state()).outcome, Outcome::kWritten);
  auto reader = OpenRedisReader(IncrementOptions(server_.address(), exact.kernel()));
  const RowKey key{0, key_};
  const auto shown = [&] {
    SKEWLESS_CHECK((*reader)->Read(std::span(&key, 1)).has_value());
    TestEntity read(exact);
    read.set_state(Bytes((*reader)->state(0).begin(), (*reader)->state(0).end()));
    return read.Show(1100 * kSecondUs);
  };
  EXPECT_EQ(shown(), entity.Show(1100 * kSecondUs));
  // An hour later all of it has left.
  const Timestamp later = 4600 * kSecondUs;
  entity.Apply(TestEvent{.event_us = later, .n = 1, .x = {}, .s = {}, .b = {}}, later);
  EXPECT_EQ(writer.Write(key_, entity.state()).outcome, Outcome::kWritten);
  EXPECT_GT(Calls("hdel"), 1);
}

}  // namespace
}  // namespace skewless::redis
