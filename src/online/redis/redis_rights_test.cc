// A user of a real server who may not do all that the writer does: that is said, with the command,
// before anything is written, and nobody's rows are blamed for it.
#include "kernel/kernel_fixture.h"
#include "online/redis/increment_fixture.h"
#include "online/redis/redis_values_fixture.h"
#include "online/redis/rights_script.h"

namespace skewless::redis {
namespace {

class RedisRightsTest : public testing::Test {
 protected:
  RedisRightsTest()
      : directory_("redis_rights_test"),
        server_(directory_.path()),
        view_({{"visits", "count(*)"},
               {"total", "sum(n) over 1m hop 1s"},
               {"most", "max(n) over 1m hop 10s"}}) {
    Permit("+@all");
  }
  void Permit(const std::string& rights) {
    server_.Ask({"ACL", "SETUSER", "features", "on", ">secret", "~shop:*", rights});
  }
  RedisOptions AsUser(RedisOptions options) const {
    options.username = "features";
    options.password = "secret";
    return options;
  }
  std::vector<RedisOptions> AllForms() const {
    RedisOptions mixed = TestOptions(server_.address());
    mixed.increments = {nullptr, &view_.kernel()};
    mixed.expire_after_us = {kSecondUs, 0};
    return {AsUser(TestOptions(server_.address())),
            AsUser(IncrementOptions(server_.address(), view_.kernel())),
            AsUser(ValuesOptions(server_.address())), AsUser(mixed)};
  }
  // Says what a write of a row did that its user lacks a right for; the server then has it again.
  void ExpectRefused(const RowWritten& done, const std::string& command) {
    EXPECT_EQ(done.outcome, Outcome::kFailed);
    EXPECT_FALSE(done.may_retry);
    EXPECT_EQ(done.error.code, ErrorCode::kInvalid) << done.error.ToString();
    EXPECT_NE(done.error.remedy.find("rights"), std::string::npos) << done.error.ToString();
    Permit("+" + command);
  }

  TestDirectory directory_;
  RedisServer server_;
  TestView view_;
  const int64_t user_ = 42;
  const ByteView key_ = KeyBytes(user_);
};

TEST_F(RedisRightsTest, ACommandThatScriptsMayNotCallIsNamedAndNothingIsClaimed) {
  size_t tried = 0;
  for (const RedisOptions& options : AllForms()) {
    for (const std::string& command : CommandsOfScripts(options)) {
      const std::string name = command.substr(0, command.find(' '));
      SCOPED_TRACE(name);
      Permit("-" + name);
      TestWriter writer(options);
      const auto examined = writer.rows().Examine();
      const Status claimed = writer.Claim();
      Permit("+" + name);
      ASSERT_FALSE(examined.has_value());
      ASSERT_FALSE(claimed.has_value());
      for (const Error& error : {examined.error(), claimed.error()}) {
        std::string lower = name;
        for (char& c : lower) c = static_cast<char>(std::tolower(c));
        EXPECT_EQ(error.code, ErrorCode::kInvalid) << error.ToString();
        EXPECT_NE(error.message.find("NOPERM"), std::string::npos) << error.ToString();
        EXPECT_NE(error.message.find("'" + lower + "'"), std::string::npos) << error.ToString();
        EXPECT_NE(error.remedy.find("rights"), std::string::npos) << error.ToString();
      }
      EXPECT_EQ(server_.Ask({"GET", "shop::clock"})->type, REDIS_REPLY_NIL);
      ++tried;
    }
    TestWriter writer(options);
    EXPECT_TRUE(writer.Claim().has_value());
    EXPECT_EQ(server_.Ask({"EXISTS", "shop::nothing"})->integer, 0);
    server_.Ask({"FLUSHALL"});
  }
  EXPECT_EQ(tried, 6u + 8u + 6u + 12u);
}

TEST_F(RedisRightsTest, KeysOfOthersAreNamed) {
  server_.Ask({"ACL", "SETUSER", "features", "resetkeys", "~shop::log"});
  TestWriter writer(AsUser(TestOptions(server_.address())));
  const Status claimed = writer.Claim();
  ASSERT_FALSE(claimed.has_value());
  EXPECT_EQ(claimed.error().code, ErrorCode::kInvalid) << claimed.error().ToString();
}

// While rows are written, too: what can't be looked at is not taken for somebody else's.
TEST_F(RedisRightsTest, OneThatIsTakenAwayLaterLeavesRowsAsTheyWere) {
  TestWriter writer(AsUser(TestOptions(server_.address())));
  EXPECT_EQ(writer.Write(0, key_, 1).outcome, Outcome::kWritten);
  for (const std::string command : {"getrange", "mset", "get"}) {
    SCOPED_TRACE(command);
    Permit("-" + command);
    ExpectRefused(writer.Write(0, key_, 2), command);
  }
  EXPECT_EQ(writer.Write(0, key_, 2).outcome, Outcome::kWritten);
}

TEST_F(RedisRightsTest, OfIncrementsToo) {
  IncrementWriter writer(AsUser(IncrementOptions(server_.address(), view_.kernel())),
                         view_.kernel());
  TestEntity entity(view_);
  const auto add = [&](int64_t n) {
    entity.Apply(TestEvent{.event_us = kSecondUs, .n = n, .x = {}, .s = {}, .b = {}}, kSecondUs);
  };
  add(5);
  EXPECT_EQ(writer.Write(key_, entity.state()).outcome, Outcome::kWritten);
  add(6);
  for (const std::string command : {"hget", "set"}) {
    SCOPED_TRACE(command);
    Permit("-" + command);
    ExpectRefused(writer.Write(key_, entity.state()), command);
  }
  EXPECT_EQ(writer.Write(key_, entity.state()).outcome, Outcome::kWritten);
}

TEST_F(RedisRightsTest, OfFinishedValuesToo) {
  ValuesWriter writer(AsUser(ValuesOptions(server_.address())));
  EXPECT_EQ(writer.Write(key_, kEpoch + 1, 100, 1).outcome, Outcome::kWritten);
  for (const std::string command : {"hmget", "set"}) {
    SCOPED_TRACE(command);
    Permit("-" + command);
    ExpectRefused(writer.Write(key_, kEpoch + 2, 200, 2), command);
  }
  EXPECT_EQ(writer.Write(key_, kEpoch + 2, 200, 2).outcome, Outcome::kWritten);
}

TEST_F(RedisRightsTest, AReaderIsToldToo) {
  for (const RedisOptions& options : AllForms()) {
    TestWriter writer(options);
    writer.ConnectAndOpen();
    auto reader = OpenRedisReader(options);
    ASSERT_TRUE(reader.has_value());
    const RowKey row{options.increments.size() > 1 ? 1 : 0, key_};
    ASSERT_TRUE((*reader)->Read(std::span(&row, 1)).has_value());
    const bool is_hash = options.keeps_values() || options.increments_of(row.view) != nullptr;
    const std::string command = is_hash ? "hgetall" : "mget";
    Permit("-" + command);
    const auto read = (*reader)->Read(std::span(&row, 1));
    Permit("+" + command);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid) << read.error().ToString();
    EXPECT_NE(read.error().remedy.find("rights"), std::string::npos) << read.error().ToString();
    server_.Ask({"FLUSHALL"});
  }
}

}  // namespace
}  // namespace skewless::redis
