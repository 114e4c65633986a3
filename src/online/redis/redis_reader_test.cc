// Reading rows of Redis: what is there, what isn't, and what must not be taken for it.
#include "online/redis/redis_reader.h"

#include <gtest/gtest.h>

#include "online/redis/redis_rows_fixture.h"

namespace skewless::redis {
namespace {

class RedisReaderTest : public testing::Test {
 protected:
  RedisReaderTest() : directory_("redis_reader_test"), server_(directory_.path()) { Open(); }
  RedisOptions options() const { return TestOptions(server_.address()); }
  void Open() {
    auto opened = OpenRedisReader(options());
    SKEWLESS_CHECK(opened.has_value());
    reader_ = std::move(*opened);
  }
  Result<Timestamp> ReadBoth() {
    const RowKey keys[] = {{0, key_}, {1, key_}};
    return reader_->Read(keys);
  }
  void ExpectUnavailable(const std::string& what) {
    const auto read = ReadBoth();
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(read.error().message.find(what), std::string::npos) << read.error().ToString();
    EXPECT_FALSE(read.error().remedy.empty());
  }
  std::string RowName(const std::string& view) {
    const Reply keys = server_.Ask({"KEYS", "shop:" + view + ":*"});
    SKEWLESS_CHECK(keys->elements == 1);
    return std::string(TextOf(*keys->element[0]));
  }

  TestDirectory directory_;
  RedisServer server_;
  std::unique_ptr<OnlineReader> reader_;
  const int64_t user_ = 42;
  const ByteView key_ = KeyBytes(user_);
};

TEST_F(RedisReaderTest, RowsAreReadAtTheServersOwnInstant) {
  TestWriter writer(options());
  writer.ConnectAndOpen();
  const RowWritten written = writer.Write(0, key_, 5, {}, 500);
  const auto t = ReadBoth();
  ASSERT_TRUE(t.has_value()) << t.error().ToString();
  EXPECT_GE(*t, written.available_us);
  EXPECT_EQ(SequenceIn(reader_->state(0)), 5);
  EXPECT_EQ(reader_->state(0).size(), 500u);
  EXPECT_TRUE(reader_->state(1).empty());
  EXPECT_EQ(reader_->last_committed(), 5);
  const auto later = reader_->Read({});
  ASSERT_TRUE(later.has_value());
  EXPECT_GE(*later, *t);
}

// A stamp that runs ahead of the clock takes T with it.
TEST_F(RedisReaderTest, TimeNeverLiesBeforeARowsStamp) {
  TestWriter writer(options());
  writer.ConnectAndOpen();
  const Timestamp ahead = 5'000'000'000'000'000;
  server_.Ask({"SET", "shop::clock", std::to_string(ahead) + " 65536"});
  writer.Write(0, key_, 5);
  const auto t = ReadBoth();
  ASSERT_TRUE(t.has_value());
  EXPECT_EQ(*t, ahead + 1);
}

// One row is always read. Who gave up reads on with fewer.
TEST_F(RedisReaderTest, ItGivesUpWhereRowsAreTooLargeTogether) {
  TestWriter writer(options());
  writer.ConnectAndOpen();
  std::vector<int64_t> users(10);
  std::vector<RowKey> keys;
  for (size_t i = 0; i < users.size(); ++i) {
    users[i] = static_cast<int64_t>(i);
    keys.push_back({0, KeyBytes(users[i])});
    writer.Write(0, KeyBytes(users[i]), 5, {}, 100'000);
  }
  reader_->set_most_bytes(500'000);
  for (const auto& [rows, fits] : {std::pair(4, true), std::pair(10, false), std::pair(4, true)}) {
    auto read = reader_->Read(std::span(keys).first(static_cast<size_t>(rows)));
    // The pause before it connects again may not be over.
    while (fits && !read) read = reader_->Read(std::span(keys).first(static_cast<size_t>(rows)));
    EXPECT_EQ(read.has_value(), fits);
    EXPECT_EQ(reader_->gave_up(), !fits);
  }
  reader_->set_most_bytes(50'000);
  EXPECT_TRUE(reader_->Read(std::span(keys).first(1)).has_value());
  EXPECT_FALSE(reader_->Read(std::span(keys).first(2)).has_value());
  EXPECT_TRUE(reader_->gave_up());
}

TEST_F(RedisReaderTest, NobodyReadsBeforeAllRowsAreThere) {
  ExpectUnavailable("is being filled");
  TestWriter writer(options());
  writer.Write(0, key_, 5);
  ExpectUnavailable("is being filled");
  writer.ConnectAndOpen();
  EXPECT_TRUE(ReadBoth().has_value());
  server_.Ask({"FLUSHALL"});
  ExpectUnavailable("is being filled");
}

// With its persistence a server comes back with the rows of some moment, and nobody knows which.
TEST_F(RedisReaderTest, AServerThatRestartedIsNotReadUntilTheWriterHasSeenToIt) {
  TestWriter writer(options());
  writer.Write(0, key_, 5);
  writer.ConnectAndOpen();
  server_.Ask({"SAVE"});
  writer.Write(0, key_, 6);
  EXPECT_TRUE(ReadBoth().has_value());
  const uint64_t before = writer.rows().incarnation();
  server_.Kill();
  ExpectUnavailable("127.0.0.1");
  server_.Start();
  // Its one pause before the next try may not be over.
  Result<Timestamp> read = ReadBoth();
  while (!read && read.error().message.find("is being filled") == std::string::npos)
    read = ReadBoth();
  ExpectUnavailable("is being filled");
  std::vector<RowWritten> none;
  while (writer.rows().incarnation() == before) static_cast<void>(writer.rows().Poll(1000, &none));
  const RowKey row{0, key_};
  std::vector<StoredRow> stored;
  ASSERT_TRUE(writer.rows().ReadVersions(std::span(&row, 1), &stored).has_value());
  EXPECT_EQ(stored[0].sequence, 5);
  writer.Write(0, key_, 6);
  writer.ConnectAndOpen();
  ASSERT_TRUE(ReadBoth().has_value());
  EXPECT_EQ(SequenceIn(reader_->state(0)), 6);
}

TEST_F(RedisReaderTest, AnotherDefinitionsRowsAreNotRead) {
  TestWriter writer(options());
  writer.Write(0, key_, 5);
  writer.ConnectAndOpen();
  RedisOptions changed = options();
  changed.fingerprints[1] += uint64_t{1} << 40;
  auto opened = OpenRedisReader(changed);
  ASSERT_TRUE(opened.has_value());
  reader_ = std::move(*opened);
  ExpectUnavailable("holds no view 'spending' with this definition");
  const RowKey unchanged{0, key_};
  EXPECT_TRUE(reader_->Read(std::span(&unchanged, 1)).has_value());
}

// Whose rows nobody keeps up to date from then on. Views that stay as they are go on.
TEST_F(RedisReaderTest, AClaimWithAnotherDefinitionEndsReadsOfTheOldOne) {
  TestWriter writer(options());
  for (const int view : {0, 1}) writer.Write(view, key_, 5);
  writer.ConnectAndOpen();
  TestWriter restarted(options(), 2);
  ASSERT_TRUE(restarted.Claim().has_value());
  EXPECT_TRUE(ReadBoth().has_value());
  RedisOptions changed = options();
  changed.fingerprints[1] += uint64_t{1} << 40;
  TestWriter newer(changed, 3);
  ASSERT_TRUE(newer.Claim().has_value());
  const RowKey unchanged{0, key_};
  EXPECT_TRUE(reader_->Read(std::span(&unchanged, 1)).has_value());
  ExpectUnavailable("holds no view 'spending' with this definition");
  // An older one opens nothing.
  EXPECT_EQ(restarted.Claim().error().code, ErrorCode::kLocked);
  ExpectUnavailable("holds no view 'spending' with this definition");
  newer.ConnectAndOpen();
  EXPECT_TRUE(reader_->Read(std::span(&unchanged, 1)).has_value());
  changed.fingerprints[0] += uint64_t{1} << 40;
  changed.fingerprints[1] += uint64_t{1} << 40;
  TestWriter other(changed, 4);
  ASSERT_TRUE(other.Claim().has_value());
  ExpectUnavailable("is being filled");
  EXPECT_EQ(server_.Ask({"EXISTS", "shop::open"})->integer, 0);
}

TEST_F(RedisReaderTest, WhichViewsAreClosedIsToldWithoutARow) {
  EXPECT_EQ(reader_->ClosedViews().error().code, ErrorCode::kUnavailable);
  TestWriter writer(options());
  writer.Write(0, key_, 5);
  const auto filling = reader_->ClosedViews();
  ASSERT_FALSE(filling.has_value());
  EXPECT_NE(filling.error().message.find("is being filled"), std::string::npos);
  writer.ConnectAndOpen();
  EXPECT_EQ(reader_->ClosedViews().value(), std::vector<int>{});
  RedisOptions changed = options();
  changed.fingerprints[1] += uint64_t{1} << 40;
  TestWriter newer(changed, 2);
  ASSERT_TRUE(newer.Claim().has_value());
  EXPECT_EQ(reader_->ClosedViews().value(), std::vector<int>{1});
  server_.Kill();
  server_.Start();
  EXPECT_EQ(reader_->ClosedViews().error().code, ErrorCode::kUnavailable);
}

TEST_F(RedisReaderTest, DamagedRowsAreNamed) {
  TestWriter writer(options());
  writer.Write(0, key_, 5, {}, 300);
  writer.ConnectAndOpen();
  const std::string name = RowName("activity");
  for (const size_t offset : {0, 4, 12, 16, 24, 32, 36, 40, 100, 339}) {
    const std::string before = server_.AskText({"GET", name});
    std::string damaged = before;
    damaged[offset] ^= 0x10;
    server_.Ask({"SET", name, damaged});
    const auto read = ReadBoth();
    ASSERT_FALSE(read.has_value()) << offset;
    EXPECT_TRUE(read.error().code == ErrorCode::kCorrupt ||
                read.error().code == ErrorCode::kVersion)
        << read.error().ToString();
    server_.Ask({"SET", name, before});
    ASSERT_TRUE(ReadBoth().has_value());
  }
  server_.Ask({"SET", name, "short"});
  EXPECT_EQ(ReadBoth().error().code, ErrorCode::kCorrupt);
  // Whole, and of another view.
  writer.Write(1, key_, 5);
  server_.Ask({"SET", name, server_.AskText({"GET", RowName("spending")})});
  EXPECT_EQ(ReadBoth().error().code, ErrorCode::kCorrupt);
}

TEST_F(RedisReaderTest, ADeadServersReadersSaySoAndComeBack) {
  TestWriter writer(options());
  writer.Write(0, key_, 5);
  writer.ConnectAndOpen();
  ASSERT_TRUE(ReadBoth().has_value());
  // A connection that was cut is made anew within the read.
  server_.Ask({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  EXPECT_TRUE(ReadBoth().has_value());
  server_.Kill();
  ExpectUnavailable("127.0.0.1");
  ExpectUnavailable("127.0.0.1");
}

TEST(RedisLoginTest, PasswordsUsersAndDatabases) {
  TestDirectory directory("redis_login_test");
  RedisServer server(directory.path(), {"--requirepass", "secret", "--user", "features", "on",
                                        ">word", "~*", "+@all"});
  RedisOptions options = TestOptions(server.address());
  const int64_t user = 1;
  const RowKey key{0, KeyBytes(user)};
  const auto read = [&] {
    auto reader = OpenRedisReader(options);
    SKEWLESS_CHECK(reader.has_value());
    return (*reader)->Read(std::span(&key, 1));
  };
  EXPECT_EQ(read().error().code, ErrorCode::kInvalid);
  EXPECT_NE(read().error().remedy.find("online.password"), std::string::npos);
  options.password = "wrong";
  EXPECT_EQ(read().error().code, ErrorCode::kInvalid);
  std::vector<RowWritten> done;
  TestWriter refused(options);
  Status polled;
  while (polled.has_value()) polled = refused.rows().Poll(1000, &done);
  EXPECT_EQ(polled.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(refused.Write(0, KeyBytes(user), 1).may_retry, false);
  for (const bool named : {false, true}) {
    options.username = named ? "features" : "";
    options.password = named ? "word" : "secret";
    options.database = named ? 3 : 0;
    TestWriter writer(options);
    writer.Write(0, KeyBytes(user), 5);
    writer.ConnectAndOpen();
    EXPECT_TRUE(read().has_value()) << read().error().ToString();
  }
}

}  // namespace
}  // namespace skewless::redis
