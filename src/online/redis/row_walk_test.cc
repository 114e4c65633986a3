// Rows of other definitions that are removed from real servers, and what has to stay.
#include "online/redis/row_walk.h"

#include <gtest/gtest.h>

#include "online/redis/redis_values_fixture.h"
#include "online/redis/servers.h"

namespace skewless::redis {
namespace {

constexpr int64_t kUsers = 1000;  // many steps

// The definition as it is now: view 0 has changed.
RedisOptions Changed(RedisOptions options) {
  options.fingerprints[0] = 0xabc;
  return options;
}

class RowWalkTest : public testing::Test {
 protected:
  RowWalkTest() : directory_("row_walk_test"), server_(directory_.path()) {
    servers_ = std::move(Servers::Make(options(), {&RemovalScript()}).value());
  }
  RedisOptions options() const { return ValuesOptions(server_.address()); }
  // To its end; returns how many rows went.
  int64_t Walk(uint32_t epoch, Timestamp latest_us) {
    Connection& connection = servers_->At(servers_->seed());
    SKEWLESS_CHECK(connection.WaitReady().has_value());
    const RedisOptions changed = Changed(options());
    const Keys keys(changed);
    RowWalk walk(keys, changed, RowClaim(epoch, 0), latest_us);
    for (int64_t now_ns = 0; !walk.over(); now_ns += int64_t{1} << 40) {
      connection.Expect(walk.Ask(now_ns, &connection.out()));
      while (connection.awaited() > 0) {
        const auto reply = connection.WaitReply();
        SKEWLESS_CHECK(reply.has_value());
        connection.Expect(walk.Take(**reply, &connection.out()));
      }
    }
    EXPECT_EQ(walk.refusal(), refusal_);
    return walk.removed();
  }
  int64_t Rows() { return std::stoll(server_.AskText({"DBSIZE"})) - 3; }  // clock, open, log
  bool Exists(std::string_view key) { return server_.AskText({"EXISTS", key}) == "1"; }

  TestDirectory directory_;
  RedisServer server_;
  std::unique_ptr<Servers> servers_;
  std::string refusal_;
  const int64_t user_ = 42;
  const std::string name_ = "shop:activity:{42}";
};

TEST_F(RowWalkTest, RowsThatTheNewDefinitionLacksGo) {
  ValuesWriter old(options(), 1);
  for (int64_t user = 0; user < kUsers; ++user) old.Write(KeyBytes(user), kEpoch, 100, 1);
  ValuesWriter young(Changed(options()), 2);
  for (int64_t user = 0; user < 10; ++user) young.Write(KeyBytes(user), kEpoch, 200, 1);
  young.Open();
  EXPECT_EQ(Walk(2, kMaxTimestamp), kUsers - 10);
  EXPECT_EQ(Rows(), 10);
  EXPECT_TRUE(Exists("shop:activity:{9}"));
  EXPECT_FALSE(Exists("shop:activity:{10}"));
  EXPECT_EQ(Walk(2, kMaxTimestamp), 0);
}

TEST_F(RowWalkTest, WhatIsNoSuchRowStays) {
  ValuesWriter young(Changed(options()), 2);
  young.Open();
  const auto put = [&](const std::string& key, const std::string& format) {
    server_.Ask({"HSET", key, ":format", format, ":layout", "0000000000000001", ":available", "7"});
  };
  put(name_, "1");
  // A newer version's, a view's that the definition doesn't have, another project's.
  put("shop:activity:{1}", "2");
  put("shop:gone:{1}", "1");
  put("shop:activity:more:{1}", "1");
  put("shopping:activity:{1}", "1");
  server_.Ask({"HSET", "shop:activity:{2}", "clicks", "1"});
  server_.Ask({"HSET", "shop:activity:{3}", ":layout", "0000000000000001"});
  server_.Ask({"HSET", "shop:activity:{4}", ":format", "1", ":layout", "0000000000000001"});
  server_.Ask({"SET", "shop:activity:{5}", "text"});
  const int64_t before = Rows();
  EXPECT_EQ(Walk(2, kMaxTimestamp), 1);
  EXPECT_EQ(Rows(), before - 1);
  EXPECT_FALSE(Exists(name_));
}

// An engine of the rows' own definition may have to look at their stamps.
TEST_F(RowWalkTest, RowsStampedLaterStay) {
  ValuesWriter old(options(), 1);
  const Timestamp stamp = old.Write(KeyBytes(user_), kEpoch, 100, 1).available_us;
  ValuesWriter young(Changed(options()), 2);
  young.Open();
  EXPECT_EQ(Walk(2, stamp - 1), 0);
  EXPECT_TRUE(Exists(name_));
  EXPECT_EQ(Walk(2, stamp), 1);
  EXPECT_FALSE(Exists(name_));
}

TEST_F(RowWalkTest, OnlyWhoHasTheClaimRemoves) {
  ValuesWriter old(options(), 1);
  old.Write(KeyBytes(user_), kEpoch, 100, 1);
  ValuesWriter young(Changed(options()), 2);
  young.Open();
  for (const uint32_t epoch : {1, 3}) EXPECT_EQ(Walk(epoch, kMaxTimestamp), 0);
  const std::string clock = server_.AskText({"GET", "shop::clock"});
  server_.Ask({"DEL", "shop::clock"});  // as a server that lost keys
  EXPECT_EQ(Walk(2, kMaxTimestamp), 0);
  server_.Ask({"SET", "shop::clock", clock});
  EXPECT_EQ(Walk(2, kMaxTimestamp), 1);
}

// Also where the clock was lost and claimed anew, and the server's own stands behind.
TEST_F(RowWalkTest, StampsGoOnAboveARowThatWent) {
  ValuesWriter young(Changed(options()), 2);
  young.Open();
  const Timestamp ahead = NewWallClock()->Now() + 3600 * kSecondUs;
  server_.Ask({"HSET", name_, ":format", "1", ":layout", "1", ":available", std::to_string(ahead)});
  EXPECT_EQ(Walk(2, kMaxTimestamp), 1);
  EXPECT_GT(young.Write(KeyBytes(user_), kEpoch, 100, 1).available_us, ahead);
}

TEST_F(RowWalkTest, RoomIsMadeInAFullServer) {
  ValuesWriter old(options(), 1);
  for (int64_t user = 0; user < kUsers; ++user) old.Write(KeyBytes(user), kEpoch, 100, 1);
  ValuesWriter young(Changed(options()), 2);
  young.Open();
  server_.Ask({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(Walk(2, kMaxTimestamp), kUsers);
}

TEST_F(RowWalkTest, AUserWhoMayNotScanIsTold) {
  server_.Ask({"ACL", "SETUSER", "default", "-scan"});
  refusal_ = "NOPERM";
  Connection& connection = servers_->At(servers_->seed());
  ASSERT_TRUE(connection.WaitReady().has_value());
  AppendCommand({"SCAN", "0"}, &connection.out());
  connection.Expect(1);
  refusal_ = TextOf(**connection.WaitReply());
  ASSERT_TRUE(refusal_.starts_with("NOPERM")) << refusal_;
  EXPECT_EQ(Walk(2, kMaxTimestamp), 0);
}

// Beside writes, on all servers, each row's clock in its own slot.
TEST(RowWalkCluster, RowsGoFromAllServers) {
  TestDirectory directory("row_walk_cluster_test");
  RedisCluster cluster(directory.path());
  const RedisOptions options = ValuesOptions(cluster.address(), /*cluster=*/true);
  ValuesWriter old(options, 1);
  for (int64_t user = 0; user < 300; ++user) old.Write(KeyBytes(user), kEpoch, 100, 1);
  ValuesWriter young(Changed(options), 2);
  for (int64_t user = 0; user < 300; user += 2) young.Write(KeyBytes(user), kEpoch, 200, 1);
  young.Open();
  std::vector<RowKey> keys;
  std::vector<int64_t> users(300);
  for (size_t i = 0; i < users.size(); ++i) {
    users[i] = static_cast<int64_t>(i);
    keys.push_back({0, KeyBytes(users[i])});
  }
  std::vector<StoredRow> rows;
  const auto left = [&] {
    SKEWLESS_CHECK(young.rows().ReadVersions(keys, &rows).has_value());
    return std::count_if(rows.begin(), rows.end(), [](const StoredRow& row) { return row.found; });
  };
  EXPECT_EQ(left(), 300);
  young.rows().RemoveOthers(kMaxTimestamp);
  // A newer call begins anew, whatever of the one before is under way.
  std::vector<RowWritten> none;
  static_cast<void>(young.rows().Poll(1000, &none));
  young.rows().RemoveOthers(kMaxTimestamp);
  for (Sequence more = 1; left() > 150; ++more)
    EXPECT_EQ(young.Write(KeyBytes(users[0]), kEpoch + more, 200 + more, 1).outcome,
              Outcome::kWritten);
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].found, i % 2 == 0) << i;
}

}  // namespace
}  // namespace skewless::redis
