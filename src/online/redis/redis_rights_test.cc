// A user of a real server who may not do all that the writer does: that is said, with the command,
// before anything is written, and nobody's rows are blamed for it.
#include <cctype>
#include <regex>
#include <set>

#include "kernel/kernel_fixture.h"
#include "online/redis/claim_script.h"
#include "online/redis/increment_fixture.h"
#include "online/redis/redis_values_fixture.h"
#include "online/redis/rights_script.h"
#include "online/redis/row_walk.h"
#include "online/redis/write_call.h"

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

// One of the project's keys is not enough.
TEST_F(RedisRightsTest, KeysCountToo) {
  server_.Ask({"ACL", "SETUSER", "features", "resetkeys", "~shop::log"});
  TestWriter writer(AsUser(TestOptions(server_.address())));
  const auto examined = writer.rows().Examine();
  ASSERT_FALSE(examined.has_value());
  EXPECT_EQ(examined.error().code, ErrorCode::kInvalid) << examined.error().ToString();
  EXPECT_NE(examined.error().message.find("NOPERM"), std::string::npos);
}

TEST_F(RedisRightsTest, TheClockToo) {
  Permit("-time");
  const auto examined = TestWriter(AsUser(TestOptions(server_.address()))).rows().Examine();
  ASSERT_FALSE(examined.has_value());
  EXPECT_NE(examined.error().message.find("'time'"), std::string::npos)
      << examined.error().ToString();
}

// A script that comes to call another command is asked for that, too.
TEST_F(RedisRightsTest, WhateverAScriptCallsIsTried) {
  const std::regex call(R"re((?:call|each)\('([A-Z]+)')re");
  const auto forms = AllForms();
  const std::vector<std::vector<const Script*>> scripts = {
      {&VersionedScript()}, {&IncrementScript()}, {&ValuesScript(), &RemovalScript()}};
  for (size_t form = 0; form < scripts.size(); ++form) {
    RedisOptions options = forms[form];
    options.expire_after_us = {kSecondUs, kSecondUs};
    std::set<std::string> tried{"TIME"};  // which has no key
    for (const std::string& command : CommandsOfScripts(options))
      tried.insert(command.substr(0, command.find(' ')));
    std::vector<const Script*> of_form = scripts[form];
    of_form.insert(of_form.end(), {&ClaimScript(), &OpenScript()});
    size_t calls = 0;
    for (const Script* const script : of_form) {
      for (std::sregex_iterator at(script->text.begin(), script->text.end(), call), end; at != end;
           ++at, ++calls)
        EXPECT_TRUE(tried.contains((*at)[1].str())) << (*at)[1].str();
    }
    EXPECT_GT(calls, 8u);
  }
}

// What servers say, by version. One alone is here to say it.
TEST_F(RedisRightsTest, IsToldInTheWordsOfEachVersion) {
  const std::string said[] = {
      "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: The user executing "
      "the script can't run this command or subcommand",
      "ERR The user executing the script can't access at least one of the keys mentioned in the "
      "command arguments script: 1, on @user_script:1.",
      "ERR ACL failure in script: User features has no permissions to run the 'set' command "
      "script: 1, on @user_script:1.",
      "NOPERM this user has no permissions to run the 'set' command"};
  const std::string denied =
      std::string(kDeniedFunction) + "return denied(ARGV[1]) and 'denied' or 'allowed'";
  for (const std::string& error : said) {
    const ServerError told = ErrorOf(error, "server");
    EXPECT_EQ(told.error.code, ErrorCode::kInvalid) << error;
    EXPECT_FALSE(told.may_retry) << error;
    EXPECT_NE(told.error.remedy.find("rights"), std::string::npos) << error;
    EXPECT_EQ(server_.AskText({"EVAL", denied, "0", error}), "denied") << error;
  }
  const std::string other = "ERR value is not an integer or out of range";
  EXPECT_EQ(server_.AskText({"EVAL", denied, "0", other}), "allowed");
  EXPECT_EQ(ErrorOf(other, "server").error.code, ErrorCode::kUnsupported);
}

// While rows are written, too: what can't be looked at is not taken for somebody else's.
TEST_F(RedisRightsTest, OneThatIsTakenAwayLaterIsTold) {
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
  for (const std::string command : {"hget", "set", "hincrby"}) {
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
