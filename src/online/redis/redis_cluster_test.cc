// A real cluster of three: rows on all of them, slots that move while rows are written and read, a
// server that dies.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "online/redis/redis_rows_fixture.h"

namespace skewless::redis {
namespace {

class RedisClusterTest : public testing::Test {
 protected:
  RedisClusterTest() : directory_("redis_cluster_test"), cluster_(directory_.path()) {}
  RedisOptions options() const { return TestOptions(cluster_.address(), true); }
  void WriteUsers(TestWriter& writer, Sequence sequence, int64_t users = 2000) {
    for (int64_t user = 0; user < users; ++user) {
      if (writer.rows().room() == 0) AwaitWritten(writer);
      writer.Send(static_cast<int>(user % 2), KeyBytes(user), sequence);
    }
    AwaitWritten(writer);
  }
  static void AwaitWritten(TestWriter& writer) {
    for (const RowWritten& done : writer.Finish())
      ASSERT_EQ(done.outcome, Outcome::kWritten) << done.error.ToString();
  }
  // Of as many users, spread over all servers, at one T.
  void ExpectUsers(OnlineReader& reader, Sequence sequence, int64_t count = 100) {
    std::vector<int64_t> users(static_cast<size_t>(count));
    std::vector<RowKey> keys;
    for (size_t i = 0; i < users.size(); ++i) {
      users[i] = static_cast<int64_t>(i);
      keys.push_back({static_cast<int>(i % 2), KeyBytes(users[i])});
    }
    const auto t = reader.Read(keys);
    ASSERT_TRUE(t.has_value()) << t.error().ToString();
    for (size_t i = 0; i < users.size(); ++i) ASSERT_EQ(SequenceIn(reader.state(i)), sequence) << i;
  }
  std::unique_ptr<OnlineReader> Reader() {
    auto reader = OpenRedisReader(options());
    SKEWLESS_CHECK(reader.has_value());
    return std::move(*reader);
  }
  // The entities of all rows of view 0 that the definition 0xAAAA has left; `move` runs after a
  // step, with those that were found until then.
  static std::set<std::string> WalkEarlier(
      TestWriter& writer, int step, const std::function<void(const std::set<std::string>&)>& move) {
    const std::vector<EarlierRows> earlier = {{"activity", 0xAAAA}};
    std::set<std::string> found;
    for (int steps = 0;; ++steps) {
      std::vector<EarlierRow> rows;
      const auto more = writer.rows().ReadEarlier(earlier, steps == 0, &rows);
      EXPECT_TRUE(more.has_value()) << more.error().ToString();
      for (const EarlierRow& row : rows) found.emplace(AsText(row.key));
      if (!more.has_value() || !*more) return found;
      if (steps == step) move(found);
    }
  }
  // What its servers have been sent so far.
  int64_t SentBytes() {
    int64_t bytes = 0;
    for (size_t i = 0; i < 3; ++i) {
      const std::string stats = cluster_.server(i).AskText({"INFO", "stats"});
      const std::string name = "total_net_input_bytes:";
      bytes += std::stoll(stats.substr(stats.find(name) + name.size()));
    }
    return bytes;
  }

  TestDirectory directory_;
  RedisCluster cluster_;
};

TEST_F(RedisClusterTest, AllServersAreAskedForTheirTimeWhenTheyAreExamined) {
  const auto clock = NewWallClock();
  const Timestamp before = clock->Now();
  const auto told = TestWriter(options()).rows().Examine();
  ASSERT_TRUE(told.has_value()) << told.error().ToString();
  EXPECT_GE(*told, before);
  EXPECT_LE(*told, clock->Now());
  for (size_t i = 0; i < 3; ++i) {
    const std::string calls = cluster_.server(i).AskText({"INFO", "commandstats"});
    EXPECT_NE(calls.find("cmdstat_time:"), std::string::npos) << i;
  }
}

// Slots that move take keys with them, from what was not asked to what was.
TEST_F(RedisClusterTest, RowsOfEarlierDefinitionsAreFoundOnAllServers) {
  RedisOptions before = options();
  before.fingerprints[0] = 0xAAAA;
  TestWriter old(before);
  WriteUsers(old, 3, 20'000);
  TestWriter writer(options(), 2);
  ASSERT_TRUE(writer.Claim().has_value());
  const std::set<std::string> found = WalkEarlier(writer, 0, [&](const auto&) {
    for (const int64_t user : {0, 2}) {
      const uint32_t slot = SlotOf(Keys::Tag(BucketOf(KeyBytes(user))));
      cluster_.MoveSlot(slot, (cluster_.ServerOf(slot) + 1) % 3, [] {});
    }
  });
  EXPECT_EQ(found.size(), 10'000u);
}

// The server that a slot comes to has been gone through, and the one that it leaves not yet.
TEST_F(RedisClusterTest, EarlierRowsThatMoveBehindTheWalkAreFound) {
  RedisOptions before = options();
  before.fingerprints[0] = 0xAAAA;
  TestWriter old(before);
  std::map<uint32_t, size_t> server_of;  // by bucket
  std::vector<int64_t> users;            // all of the first server
  for (int64_t user = 0; users.size() < 6000; ++user) {
    const uint32_t bucket = BucketOf(KeyBytes(user));
    if (!server_of.contains(bucket))
      server_of[bucket] = cluster_.ServerOf(SlotOf(Keys::Tag(bucket)));
    if (server_of[bucket] == 0) users.push_back(user);
  }
  for (const int64_t& user : users) {
    if (old.rows().room() == 0) AwaitWritten(old);
    old.Send(0, KeyBytes(user), 3);
  }
  AwaitWritten(old);
  TestWriter writer(options(), 2);
  ASSERT_TRUE(writer.Claim().has_value());
  const std::set<std::string> found = WalkEarlier(writer, 3, [&](const auto& so_far) {
    // The others have no rows, and half as many keys: they are done.
    const auto left = std::ranges::find_if(users, [&](const int64_t& user) {
      return !so_far.contains(std::string(AsText(KeyBytes(user))));
    });
    ASSERT_NE(left, users.end());
    cluster_.MoveSlot(SlotOf(Keys::Tag(BucketOf(KeyBytes(*left)))), 1, [] {});
  });
  EXPECT_EQ(found.size(), users.size());
}

TEST_F(RedisClusterTest, RowsLieOnAllServersAndAreReadAtOneInstant) {
  TestWriter writer(options());
  WriteUsers(writer, 3);
  auto reader = Reader();
  const int64_t user = 0;
  const RowKey key{0, KeyBytes(user)};
  EXPECT_EQ(reader->Read(std::span(&key, 1)).error().code, ErrorCode::kUnavailable);
  writer.ConnectAndOpen();
  ExpectUsers(*reader, 3);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_GT(std::stoi(cluster_.server(i).AskText({"DBSIZE"})), 300) << i;
  std::vector<RowKey> keys;
  std::vector<int64_t> users(2000);
  for (size_t i = 0; i < users.size(); ++i) {
    users[i] = static_cast<int64_t>(i);
    keys.push_back({static_cast<int>(i % 2), KeyBytes(users[i])});
  }
  std::vector<StoredRow> rows;
  ASSERT_TRUE(writer.rows().ReadVersions(keys, &rows).has_value());
  for (const StoredRow& row : rows) EXPECT_EQ(row.sequence, 3);
}

// Each slot's clock is claimed by a call of its own: names are short, scripts are not.
TEST_F(RedisClusterTest, AClaimTellsEachServerItsScriptOnce) {
  TestWriter writer(options());
  writer.Connect();
  const int64_t before = SentBytes();
  ASSERT_TRUE(writer.Claim().has_value());
  EXPECT_LT(SentBytes() - before, int64_t{kSlots} * 256);
}

TEST_F(RedisClusterTest, AScriptThatAServerHasForgottenIsToldAgain) {
  TestWriter writer(options());
  writer.ConnectAndOpen();
  for (const size_t i : {0, 2}) cluster_.server(i).Ask({"SCRIPT", "FLUSH"});
  const Status claimed = writer.Claim();
  ASSERT_TRUE(claimed.has_value()) << claimed.error().ToString();
  for (const size_t i : {0, 1}) cluster_.server(i).Ask({"SCRIPT", "FLUSH"});
  const Status opened = writer.rows().OpenForReaders(writer.rows().incarnation());
  ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
}

TEST_F(RedisClusterTest, UsersHaveTheRightsThatTheDocsList) {
  std::ifstream page("docs/operations/redis.md");
  int users = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("ACL SETUSER ")) continue;
    ++users;
    std::istringstream words(line.substr(12) + " +cluster|slots +asking");
    std::string name, rule;
    words >> name;
    while (words >> rule) {
      for (size_t i = 0; i < 3; ++i) cluster_.server(i).Ask({"ACL", "SETUSER", name, rule});
    }
  }
  ASSERT_EQ(users, 2);
  RedisOptions engines = options(), readers = options();
  engines.username = "features";
  readers.username = "reader";
  engines.password = readers.password = "secret";
  TestWriter writer(engines);
  ASSERT_TRUE(writer.rows().Examine().has_value());
  WriteUsers(writer, 1);
  const uint32_t slot = SlotOf(Keys::Tag(BucketOf(KeyBytes(int64_t{7}))));
  cluster_.MoveSlot(slot, (cluster_.ServerOf(slot) + 1) % 3, [] {});
  WriteUsers(writer, 3);
  writer.ConnectAndOpen();
  auto reader = OpenRedisReader(readers);
  ASSERT_TRUE(reader.has_value());
  ExpectUsers(**reader, 3);
}

TEST_F(RedisClusterTest, AFlushOfAnyServerIsNoticedWithNothingToWrite) {
  TestWriter writer(options());
  writer.ConnectAndOpen();
  for (size_t server = 0; server < 3; ++server) {
    const uint64_t before = writer.rows().incarnation();
    cluster_.server(server).Ask({"FLUSHALL"});
    std::vector<RowWritten> none;
    while (writer.rows().incarnation() == before) {
      ASSERT_TRUE(writer.rows().Poll(1000, &none).has_value());
    }
    ASSERT_TRUE(writer.Claim().has_value());
  }
}

TEST_F(RedisClusterTest, ItIsClosedWhereAnyServerIs) {
  auto reader = Reader();
  EXPECT_EQ(reader->ClosedViews().error().code, ErrorCode::kUnavailable);
  TestWriter writer(options());
  WriteUsers(writer, 1);
  EXPECT_EQ(reader->ClosedViews().error().code, ErrorCode::kUnavailable);
  writer.ConnectAndOpen();
  EXPECT_EQ(reader->ClosedViews().value(), std::vector<int>{});
  const uint64_t before = writer.rows().incarnation();
  cluster_.server(1).Kill();
  cluster_.server(1).Start();  // with nothing
  EXPECT_EQ(reader->ClosedViews().error().code, ErrorCode::kUnavailable);
  std::vector<RowWritten> none;
  while (writer.rows().incarnation() == before || !writer.Claim())
    static_cast<void>(writer.rows().Poll(1000, &none));
  writer.ConnectAndOpen();
  EXPECT_EQ(reader->ClosedViews().value(), std::vector<int>{});
}

// What all its servers' clocks have passed is known without a write, and the clock of a bucket that
// was never written to is no excuse.
TEST_F(RedisClusterTest, NoWriteIsStampedBeforeWhatAllClocksHavePassed) {
  TestWriter writer(options());
  writer.ConnectAndOpen();
  std::vector<RowWritten> none;
  const Timestamp begun = NewWallClock()->Now();
  while (writer.rows().least_stamp() < begun) static_cast<void>(writer.rows().Poll(1000, &none));
  EXPECT_LE(writer.rows().least_stamp(), NewWallClock()->Now());
  const Timestamp least = begun + 3600 * kSecondUs;
  for (int64_t user = 0; user < 20; ++user)
    EXPECT_GE(writer.WriteNoEarlier(0, KeyBytes(user), 1, least).available_us, least);
}

// Of a slot on its way some rows are here and some there.
TEST_F(RedisClusterTest, RowsFollowASlotThatMoves) {
  TestWriter writer(options());
  WriteUsers(writer, 1);
  writer.ConnectAndOpen();
  auto reader = Reader();
  ExpectUsers(*reader, 1);
  const uint64_t before = writer.rows().incarnation();
  const int64_t user = 7;
  const uint32_t slot = SlotOf(Keys::Tag(BucketOf(KeyBytes(user))));
  const size_t from = cluster_.ServerOf(slot);
  cluster_.MoveSlot(slot, (from + 1) % 3, [&] {
    // Rows that have gone are asked for there; a call with some of each is tried again later.
    const RowWritten done = writer.WriteSurely(1, KeyBytes(user), 2);
    EXPECT_EQ(done.outcome, Outcome::kWritten);
  });
  std::vector<RowWritten> none;
  WriteUsers(writer, 5);
  ASSERT_EQ(cluster_.ServerOf(slot), (from + 1) % 3);
  while (writer.rows().incarnation() == before) static_cast<void>(writer.rows().Poll(1000, &none));
  // The rows are where nobody has checked them yet.
  const RowKey key{1, KeyBytes(user)};
  const auto unchecked = reader->Read(std::span(&key, 1));
  ASSERT_FALSE(unchecked.has_value());
  EXPECT_EQ(unchecked.error().code, ErrorCode::kUnavailable);
  writer.ConnectAndOpen();
  ExpectUsers(*reader, 5);
}

TEST_F(RedisClusterTest, OneServersDeathFailsItsRowsUntilItIsBack) {
  TestWriter writer(options());
  WriteUsers(writer, 1);
  writer.ConnectAndOpen();
  const uint64_t before = writer.rows().incarnation();
  cluster_.server(2).Kill();
  RedisOptions impatient = options();
  impatient.timeout_us = 300'000;
  TestWriter hasty(impatient);
  int failed = 0;
  for (int64_t user = 0; user < 200; ++user) hasty.Send(0, KeyBytes(user), 2);
  for (const RowWritten& done : hasty.Finish()) {
    if (done.outcome == Outcome::kWritten) continue;
    EXPECT_TRUE(done.may_retry) << done.error.ToString();
    ++failed;
  }
  EXPECT_GT(failed, 20);
  cluster_.server(2).Start();  // with nothing
  for (int64_t user = 0; user < 200; ++user) {
    const RowWritten done = writer.WriteSurely(0, KeyBytes(user), 2);
    EXPECT_EQ(done.stored_sequence, 2);
  }
  EXPECT_NE(writer.rows().incarnation(), before);
}

TEST(SlotMapTest, SlotsAreTheClusters) {
  // From the cluster's specification, and by CLUSTER KEYSLOT.
  EXPECT_EQ(SlotOf("123456789"), 0x31c3u);
  EXPECT_EQ(SlotOf("{user1000}.following"), SlotOf("{user1000}.followers"));
  EXPECT_EQ(SlotOf("foo{}{bar}"), SlotOf("foo{}{bar}"));
  EXPECT_NE(SlotOf("foo{}{bar}"), SlotOf("bar"));
  EXPECT_EQ(SlotOf("foo{{bar}}zap"), SlotOf("{bar"));
  EXPECT_EQ(SlotOf("foo{bar}{zap}"), SlotOf("bar"));
  std::set<uint32_t> slots;
  for (uint32_t bucket = 0; bucket < kBuckets; ++bucket)
    slots.insert(SlotOf("shop:activity:12345678:" + Keys::Tag(bucket) + "xyz"));
  EXPECT_GT(slots.size(), 900u);
}

TEST(SlotMapTest, RedirectsAreRead) {
  const Endpoint asked{"10.0.0.1", 7000};
  const auto moved = ParseRedirect("MOVED 3999 127.0.0.1:6381", asked);
  ASSERT_TRUE(moved.has_value());
  EXPECT_FALSE(moved->ask);
  EXPECT_EQ(moved->slot, 3999u);
  EXPECT_EQ(moved->to, (Endpoint{"127.0.0.1", 6381}));
  const auto ask = ParseRedirect("ASK 16383 :6381", asked);
  ASSERT_TRUE(ask.has_value());
  EXPECT_TRUE(ask->ask);
  EXPECT_EQ(ask->to, (Endpoint{"10.0.0.1", 6381}));
  EXPECT_EQ(ParseRedirect("MOVED 1 fe80::1:6381", asked)->to, (Endpoint{"fe80::1", 6381}));
  for (const char* const wrong : {"MOVED", "MOVED ", "MOVED 16384 a:1", "MOVED 1", "MOVED x a:1",
                                  "MOVED 1 a:b", "MOVED 1 a", "ERR MOVED 1 a:1", "ASK -1 a:1"})
    EXPECT_FALSE(ParseRedirect(wrong, asked).has_value()) << wrong;
}

}  // namespace
}  // namespace skewless::redis
