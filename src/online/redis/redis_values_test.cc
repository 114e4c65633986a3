// Rows of finished values in a real Redis: what a plain client sees, that nothing moves back, and
// what our reader takes.
#include <gtest/gtest.h>

#include "online/redis/redis_values_fixture.h"
#include "online/redis/values_row.h"

namespace skewless::redis {
namespace {

class RedisValuesTest : public testing::Test {
 protected:
  RedisValuesTest() : directory_("redis_values_test"), server_(directory_.path()) {}
  RedisOptions options() const { return ValuesOptions(server_.address()); }
  std::map<std::string, std::string> Hash(const std::string& key) {
    const Reply reply = server_.Ask({"HGETALL", key});
    std::map<std::string, std::string> hash;
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
      hash[std::string(TextOf(*reply->element[i]))] = TextOf(*reply->element[i + 1]);
    return hash;
  }

  TestDirectory directory_;
  RedisServer server_;
  const int64_t user_ = 42;
  const ByteView key_ = KeyBytes(user_);
  const std::string name_ = "shop:activity:{42}";
};

TEST_F(RedisValuesTest, APlainClientSeesNamesAndValues) {
  ValuesWriter writer(options());
  EXPECT_FALSE(writer.Stored(key_).found);
  const Timestamp before = writer.rows().now_us();
  EXPECT_GT(before, 0);
  const RowWritten written = writer.Write(key_, kEpoch + 7, 1000, 3, "red \"shoe\"");
  EXPECT_EQ(written.outcome, Outcome::kWritten);
  EXPECT_EQ(written.computed_us, 1000);
  EXPECT_GE(writer.rows().now_us(), written.available_us);
  EXPECT_LT(before, written.available_us);
  auto hash = Hash(name_);
  EXPECT_EQ(hash["clicks"], "3");
  EXPECT_EQ(hash["price"], "0.1");
  EXPECT_EQ(hash["item"], "red \"shoe\"");
  EXPECT_EQ(hash[":sequence"], std::to_string(kEpoch + 7));
  EXPECT_EQ(hash[":computed_for"], "1000");
  EXPECT_EQ(hash[":available"], std::to_string(written.available_us));
  EXPECT_EQ(hash[":newest_event"], "995");
  EXPECT_EQ(hash[":status"], "present");
  EXPECT_EQ(hash[":layout"], "1111222233334444");
  EXPECT_EQ(hash[":writer"], std::to_string(RowClaim(1, 0)));
  EXPECT_EQ(hash[":format"], "1");
  // What is null is not there, whatever was there before.
  writer.Write(key_, kEpoch + 8, 1001, 4);
  hash = Hash(name_);
  EXPECT_EQ(hash.count("item"), 0u);
  EXPECT_EQ(hash["clicks"], "4");
}

TEST_F(RedisValuesTest, NothingMovesBack) {
  ValuesWriter writer(options());
  const RowWritten first = writer.Write(key_, kEpoch + 1'000'000'007, 1000, 1);
  const RowWritten retry = writer.Write(key_, kEpoch + 1'000'000'007, 1000, 1);
  EXPECT_EQ(retry.outcome, Outcome::kAlreadyThere);
  EXPECT_EQ(retry.available_us, first.available_us);
  EXPECT_EQ(retry.computed_us, 1000);
  // With time alone.
  const RowWritten later = writer.Write(key_, kEpoch + 1'000'000'007, 1001, 0);
  EXPECT_EQ(later.outcome, Outcome::kWritten);
  EXPECT_GT(later.available_us, first.available_us);
  // Of a greater record, but for no later time: to be computed again.
  const RowWritten behind = writer.Write(key_, 2 * kEpoch, 1001, 9);
  EXPECT_EQ(behind.outcome, Outcome::kBehind);
  EXPECT_EQ(behind.computed_us, 1001);
  // A double can't tell these two sequences apart.
  EXPECT_EQ(writer.Write(key_, kEpoch + 1'000'000'006, 2000, 9).outcome, Outcome::kOlder);
  EXPECT_EQ(Hash(name_)["clicks"], "0");
  EXPECT_EQ(writer.Write(key_, kEpoch + 1'000'000'008, 2000, 5).outcome, Outcome::kWritten);
  EXPECT_EQ(Hash(name_)["clicks"], "5");
}

// An engine that was thought dead writes late, and what it had not told is in the row.
TEST_F(RedisValuesTest, OnlyWhoClaimedTheRowsLastWritesThem) {
  ValuesWriter old(options(), 1);
  const Stamp unlogged[] = {{kEpoch + 1, 10, 9}, {kEpoch + 1, 20, 19}};
  const RowWritten left = old.Write(key_, kEpoch + 2, 100, 1, std::nullopt, unlogged);
  ValuesWriter young(options(), 2);
  const StoredRow stored = young.Stored(key_);
  EXPECT_TRUE(stored.found);
  EXPECT_FALSE(stored.other_layout);
  EXPECT_EQ(stored.stamps,
            (std::vector<Stamp>{unlogged[0], unlogged[1], {kEpoch + 2, left.available_us, 100}}));
  const RowWritten late = old.Write(key_, kEpoch + 3, 200, 9);
  EXPECT_EQ(late.outcome, Outcome::kFailed);
  EXPECT_EQ(late.error.code, ErrorCode::kLocked);
  EXPECT_EQ(Hash(name_)["clicks"], "1");
  EXPECT_EQ(young.Write(key_, kEpoch + 2, 101, 2).outcome, Outcome::kWritten);
  EXPECT_EQ(Hash(name_)[":writer"], std::to_string(RowClaim(2, 0)));
}

TEST_F(RedisValuesTest, AChangedDefinitionsRowsReplaceTheOldOnes) {
  const Stamp unlogged[] = {{kEpoch + 1, 10, 9}};
  const RowWritten left =
      ValuesWriter(options(), 1).Write(key_, kEpoch + 2, 100, 1, std::nullopt, unlogged);
  RedisOptions changed = options();
  changed.fingerprints[0] = 0xabc;
  ValuesWriter young(changed, 2);
  // What the engine that left it was not told, nobody else knows.
  const StoredRow stored = young.Stored(key_);
  EXPECT_TRUE(stored.other_layout);
  EXPECT_EQ(stored.stamps, (std::vector<Stamp>{unlogged[0], {kEpoch + 2, left.available_us, 100}}));
  changed.values[0].records = 9;
  EXPECT_EQ(ValuesWriter(changed, 2).Stored(key_).stamps, std::vector<Stamp>());
  changed.values[0].records = 0;
  EXPECT_EQ(young.Write(key_, kEpoch + 2, 50, 8).outcome, Outcome::kWritten);
  auto hash = Hash(name_);
  EXPECT_EQ(hash[":layout"], "0000000000000abc");
  EXPECT_EQ(hash["clicks"], "8");
  // Whose newest record may be an older one: its `where` passes fewer.
  changed.fingerprints[0] = 0xdef;
  ValuesWriter third(changed, 3);
  EXPECT_EQ(third.Write(key_, kEpoch + 1, 40, 5).outcome, Outcome::kWritten);
  EXPECT_EQ(Hash(name_)["clicks"], "5");
  EXPECT_EQ(third.Write(key_, kEpoch, 50, 6).outcome, Outcome::kOlder);
}

TEST_F(RedisValuesTest, AFullServerTakesRowsLater) {
  ValuesWriter writer(options());
  EXPECT_EQ(writer.Write(key_, kEpoch + 1, 100, 1).outcome, Outcome::kWritten);
  server_.Ask({"CONFIG", "SET", "maxmemory", "1"});
  const RowWritten refused = writer.Write(key_, kEpoch + 2, 200, 2);
  EXPECT_EQ(refused.outcome, Outcome::kFailed);
  EXPECT_TRUE(refused.may_retry);
  EXPECT_EQ(refused.error.code, ErrorCode::kNoSpace) << refused.error.ToString();
  EXPECT_EQ(Hash(name_)["clicks"], "1");
  server_.Ask({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(writer.Write(key_, kEpoch + 2, 200, 2).outcome, Outcome::kWritten);
}

TEST_F(RedisValuesTest, WhatIsNoRowOfOursIsLeftAlone) {
  ValuesWriter writer(options());
  for (const bool is_hash : {true, false}) {
    server_.Ask({"DEL", name_});
    is_hash ? server_.Ask({"HSET", name_, "a", "1"}) : server_.Ask({"SET", name_, "a"});
    const RowWritten refused = writer.Write(key_, kEpoch, 100, 1);
    EXPECT_EQ(refused.outcome, Outcome::kFailed);
    EXPECT_FALSE(refused.may_retry);
    EXPECT_EQ(refused.error.code, ErrorCode::kVersion);
  }
  EXPECT_EQ(server_.AskText({"GET", name_}), "a");
}

TEST_F(RedisValuesTest, OurReaderTakesWholeRowsOnly) {
  ValuesWriter writer(options());
  const RowWritten written = writer.Write(key_, kEpoch + 7, 1000, 3, "x");
  writer.Open();
  auto reader = OpenRedisReader(options());
  ASSERT_TRUE(reader.has_value());
  EXPECT_TRUE((*reader)->finished());
  const int64_t nobody = 43;
  const RowKey keys[] = {{0, key_}, {0, KeyBytes(nobody)}};
  const auto t = (*reader)->Read(keys);
  ASSERT_TRUE(t.has_value()) << t.error().ToString();
  EXPECT_GE(*t, written.available_us);
  FeatureVector vector;
  ASSERT_TRUE(DecodeVector((*reader)->state(0), &vector).has_value());
  EXPECT_EQ(vector.sequence, kEpoch + 7);
  EXPECT_EQ(vector.read_us, 1000);
  EXPECT_EQ(FormatValue(vector.values[0]), "3");
  EXPECT_EQ(FormatValue(vector.values[1]), "0.1");
  EXPECT_TRUE((*reader)->state(1).empty());

  // Whatever is changed by hand is seen.
  const auto original = Hash(name_);
  for (const auto& [field, value] : original) {
    if (field == ":available") continue;  // the server's
    server_.Ask({"HSET", name_, field, value + "1"});
    const auto damaged = (*reader)->Read(keys);
    EXPECT_FALSE(damaged.has_value()) << field;
    server_.Ask({"HDEL", name_, field});
    EXPECT_FALSE((*reader)->Read(keys).has_value()) << field;
    server_.Ask({"HSET", name_, field, value});
  }
  server_.Ask({"HSET", name_, "more", "1"});
  EXPECT_EQ((*reader)->Read(keys).error().code, ErrorCode::kCorrupt);
  server_.Ask({"HDEL", name_, "more"});
  EXPECT_TRUE((*reader)->Read(keys).has_value());
}

// By another `where` the entity has no event any more, so nobody wrote its row again.
TEST_F(RedisValuesTest, ARowThatTheNewDefinitionLacksIsNotFound) {
  const int64_t other = 43;
  ValuesWriter old(options(), 1);
  for (const ByteView key : {key_, KeyBytes(other)}) old.Write(key, kEpoch + 1, 100, 1);
  old.Open();
  RedisOptions changed = options();
  changed.fingerprints[0] = 0xabc;
  auto reader = OpenRedisReader(changed);
  ASSERT_TRUE(reader.has_value());
  const RowKey keys[] = {{0, key_}, {0, KeyBytes(other)}};
  const auto read = [&] { return (*reader)->Read(keys); };
  EXPECT_EQ(read().error().code, ErrorCode::kUnavailable);
  ValuesWriter young(changed, 2);
  young.Write(key_, kEpoch + 1, 100, 2);
  EXPECT_EQ(read().error().code, ErrorCode::kUnavailable);
  young.Open();
  ASSERT_TRUE(read().has_value()) << read().error().ToString();
  EXPECT_FALSE((*reader)->state(0).empty());
  EXPECT_TRUE((*reader)->state(1).empty());
  young.Write(KeyBytes(other), kEpoch + 2, 200, 1);
  ASSERT_TRUE(read().has_value());
  EXPECT_FALSE((*reader)->state(1).empty());
}

TEST_F(RedisValuesTest, AViewOfMoreFeaturesThanLuaUnpacksAtOnce) {
  RedisOptions wide = options();
  std::vector<ColumnSpec> outputs;
  for (int i = 0; i < 6000; ++i) outputs.push_back({"f" + std::to_string(i), kInt});
  wide.values[0] = ViewOf({kInt}, outputs);
  ValuesWriter writer(wide);
  FeatureVector vector;
  vector.read_us = 100;
  vector.sequence = kEpoch;
  vector.status = RowStatus::kPresent;
  for (int i = 0; i < 6000; ++i) vector.values.push_back(Value::Int(i).view());
  EXPECT_EQ(writer.Write(0, key_, vector).outcome, Outcome::kWritten);
  EXPECT_EQ(Hash(name_)["f5999"], "5999");
}

// In a cluster rows lie in the slot of their entity, whatever that is, and each slot has a clock.
TEST(RedisValuesCluster, RowsOfOneEntityShareASlot) {
  TestDirectory directory("redis_values_cluster_test");
  RedisCluster cluster(directory.path());
  const RedisOptions options = ValuesOptions(cluster.address(), /*cluster=*/true);
  ValuesWriter writer(options);
  writer.Open();
  std::vector<int64_t> users;
  for (int64_t user = 0; user < 200; ++user) users.push_back(user * 7919);
  std::vector<RowKey> keys;
  for (const int64_t& user : users) {
    ASSERT_EQ(writer.Write(KeyBytes(user), kEpoch, 100, user).outcome, Outcome::kWritten);
    keys.push_back({0, KeyBytes(user)});
  }
  auto reader = OpenRedisReader(options);
  ASSERT_TRUE(reader.has_value());
  const auto t = (*reader)->Read(keys);
  ASSERT_TRUE(t.has_value()) << t.error().ToString();
  FeatureVector vector;
  for (size_t i = 0; i < users.size(); ++i) {
    ASSERT_TRUE(DecodeVector((*reader)->state(i), &vector).has_value());
    EXPECT_EQ(vector.values[0].int_value, users[i]);
  }
  const std::string row = "shop:activity:{7919}";
  RedisServer& home = cluster.server(cluster.ServerOf(SlotOf("7919")));
  EXPECT_EQ(home.AskText({"HGET", row, "clicks"}), "7919");
}

// Their rows lie in other slots, and nevertheless one knows of the other.
TEST(RedisValuesCluster, AClaimEndsWritesAndReadsOfTheOtherForm) {
  TestDirectory directory("redis_values_cluster_test");
  RedisCluster cluster(directory.path());
  std::vector<int64_t> users;
  for (int64_t user = 0; user < 20; ++user) users.push_back(user);
  std::vector<RowKey> keys;
  for (const int64_t& user : users) keys.push_back({0, KeyBytes(user)});
  RedisOptions states = TestOptions(cluster.address(), true);
  states.fingerprints = {1, 2};
  const RedisOptions values = ValuesOptions(cluster.address(), true);
  auto of_states = OpenRedisReader(states), of_values = OpenRedisReader(values);
  const auto is_read = [&](OnlineReader& reader, const RowKey& key) {
    const auto t = reader.Read(std::span(&key, 1));
    EXPECT_TRUE(t.has_value() || t.error().code == ErrorCode::kUnavailable);
    return t.has_value();
  };

  TestWriter before(states, 1);
  before.ConnectAndOpen();
  for (const RowKey& key : keys) EXPECT_TRUE(is_read(**of_states, key));
  ValuesWriter between(values, 2);
  for (const RowKey& key : keys) {
    EXPECT_FALSE(is_read(**of_states, key));
    EXPECT_EQ(before.Write(0, key.key, kEpoch).error.code, ErrorCode::kLocked);
  }
  between.Open();
  for (const RowKey& key : keys) {
    EXPECT_EQ(between.Write(key.key, kEpoch, 100, 1).outcome, Outcome::kWritten);
    EXPECT_TRUE(is_read(**of_values, key));
  }
  TestWriter after(states, 3);
  after.Connect();
  ASSERT_TRUE(after.Claim().has_value());
  for (const RowKey& key : keys) {
    EXPECT_FALSE(is_read(**of_values, key));
    EXPECT_EQ(between.Write(key.key, 2 * kEpoch, 200, 1).error.code, ErrorCode::kLocked);
    EXPECT_EQ(after.Write(0, key.key, kEpoch).outcome, Outcome::kWritten);
  }
  after.ConnectAndOpen();
  for (const RowKey& key : keys) EXPECT_TRUE(is_read(**of_states, key));
}

}  // namespace
}  // namespace skewless::redis
