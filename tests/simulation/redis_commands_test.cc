// The simulated Redis beside a real one: the same commands, and the scripts of production with
// drawn words, get the same replies and leave the same keys.
#include <gtest/gtest.h>

#include "online/embedded/store_fixture.h"
#include "online/redis/claim_script.h"
#include "online/redis/redis_server_fixture.h"
#include "online/redis/rights_script.h"
#include "online/redis/row_walk.h"
#include "online/redis/values_script.h"
#include "online/redis/write_call.h"
#include "property/dice.h"
#include "simulation/simulated_redis.h"

namespace skewless::simulation {
namespace {

using Command = std::vector<std::string>;

// In the scripts' clock, so far ahead that neither server's own counts.
constexpr Timestamp kMark = Timestamp{1} << 52;
constexpr int64_t kWriter = 5;
constexpr uint32_t kMagics[] = {0x31494B53, 0x31524B53};  // of a hash, of a string

// Errors by their first word alone; fields of a hash in their order.
std::string Show(const redisReply& reply, bool pairs = false) {
  if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
  if (reply.type == REDIS_REPLY_NIL) return "nil";
  const std::string text(reply.str == nullptr ? "" : reply.str, reply.len);
  if (redis::IsError(reply)) return "error " + text.substr(0, text.find(' '));
  if (reply.type != REDIS_REPLY_ARRAY) return "'" + text + "'";
  std::vector<std::string> parts;
  for (size_t i = 0; i < reply.elements; i += pairs ? 2 : 1) {
    parts.push_back(Show(*reply.element[i], pairs));
    if (pairs) parts.back() += " " + Show(*reply.element[i + 1]);
  }
  if (pairs) std::sort(parts.begin(), parts.end());
  std::string out = "(";
  for (const std::string& part : parts) out += part + ", ";
  return out + ")";
}

template <typename T>
void PutNumber(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

class BothServers {
 public:
  BothServers()
      : directory_("redis_commands_test"),
        real_(directory_.path()),
        simulated_([] { return Timestamp{1'700'000'000'000'000}; }, [](const std::string&) {}) {}

  // False where they differ.
  void Ask(const Command& command) {
    const bool pairs = command[0] == "HGETALL";
    const std::string expected = Show(*AskReal(command), pairs);
    ASSERT_EQ(Show(*AskSimulated(command), pairs), expected) << testing::PrintToString(command);
  }
  void Clear() {
    Ask({"FLUSHALL"});
    Ask({"SET", "::clock", std::to_string(kMark) + " " + std::to_string(kWriter)});
  }
  // Every key that there is, walked to and read.
  std::set<std::string> Keys(bool real) {
    std::set<std::string> keys;
    std::string cursor = "0";
    do {
      const Command scan{"SCAN", cursor, "MATCH", "*", "COUNT", "500"};
      const redis::Reply reply = real ? AskReal(scan) : AskSimulated(scan);
      cursor = redis::TextOf(*reply->element[0]);
      const redisReply& found = *reply->element[1];
      for (size_t i = 0; i < found.elements; ++i) keys.emplace(redis::TextOf(*found.element[i]));
    } while (cursor != "0");
    return keys;
  }
  void CompareKeys() {
    const auto keys = Keys(true);
    ASSERT_EQ(Keys(false), keys);
    for (const std::string& key : keys) {
      Ask({"GET", key});
      Ask({"HGETALL", key});
    }
  }

 private:
  redis::Reply AskReal(const Command& command) {
    if (connection_ == nullptr) {
      connection_.reset(redisConnect("127.0.0.1", real_.port()));
      SKEWLESS_CHECK(connection_ != nullptr && connection_->err == 0);
    }
    std::vector<const char*> words;
    std::vector<size_t> sizes;
    for (const std::string& word : command) {
      words.push_back(word.data());
      sizes.push_back(word.size());
    }
    void* const reply = redisCommandArgv(connection_.get(), static_cast<int>(words.size()),
                                         words.data(), sizes.data());
    SKEWLESS_CHECK(reply != nullptr);
    return redis::Reply(static_cast<redisReply*>(reply));
  }
  redis::Reply AskSimulated(const Command& command) {
    Bytes bytes;
    simulated_.Execute(command).AppendTo(&bytes);
    const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreate(),
                                                                          &redisReaderFree);
    redisReaderFeed(reader.get(), reinterpret_cast<const char*>(bytes.data()), bytes.size());
    void* reply = nullptr;
    redisReaderGetReply(reader.get(), &reply);
    SKEWLESS_CHECK(reply != nullptr);
    return redis::Reply(static_cast<redisReply*>(reply));
  }

  embedded::TestDirectory directory_;
  redis::RedisServer real_;
  SimulatedRedis simulated_;
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  std::unique_ptr<redisContext, Free> connection_;
};

// Commands of few keys and fields, so that they meet.
class Drawn {
 public:
  explicit Drawn(uint64_t seed) : dice_(seed) {}

  Command Next() {
    if (dice_.Chance(3)) return Plain();
    switch (dice_.Below(9)) {
      case 0:
      case 1:
        return {"EVALSHA",
                redis::ClaimScript().name,
                "2",
                "::clock",
                "::open",
                Writer(),
                dice_.Pick<std::string>({" 1 2", " 2", ""})};
      case 2:
        return {"EVALSHA", redis::OpenScript().name, "2", "::clock", "::open", Writer(),
                "run1 1 2"};
      case 3:
        return {"EVALSHA", redis::RemovalScript().name,
                "2",       Key(),
                "::clock", Writer(),
                Layout(),  std::to_string(kMark + dice_.Below(200))};
      case 4:
        return Values();
      case 5:
        return Versioned();
      default:
        return Increments();
    }
  }

 private:
  // Each kind of rows has two keys of its own, and shares one with the others.
  std::string Key() { return dice_.Pick<std::string>({"a", "b", "c", "d", "e", "f", "g"}); }
  std::string Field() { return dice_.Pick<std::string>({"0n", "0s", "1n:3", "1s:3", "x"}); }
  std::string Writer() { return std::to_string(dice_.Chance(98) ? kWriter : kWriter + 1); }
  std::string Layout() { return dice_.Pick<std::string>({"0000000000000001", "2"}); }
  std::string Number() {
    return dice_.Pick<std::string>({"1", "-3", "9223372036854775807", "-9223372036854775808",
                                    "9223372036854775808", "7", "x", ""});
  }
  Command Plain() {
    return dice_.Pick<Command>({{"HSET", Key(), Field(), Number()},
                                {"HINCRBY", Key(), Field(), Number()},
                                {"HDEL", Key(), Field(), Field()},
                                {"HGET", Key(), Field()},
                                {"HMGET", Key(), Field(), Field()},
                                {"SET", Key(), Number()},
                                {"SET", Key(), Number(), "NX"},
                                {"SET", Key(), Number(), "nonsense"},
                                {"SETRANGE", Key(), "2", Number()},
                                {"GETRANGE", Key(), "1", std::to_string(dice_.Below(40))},
                                {"MGET", Key(), Key(), "none"},
                                {"MSET", Key(), Number(), Key(), Number()},
                                {"EXISTS", Key()},
                                {"DEL", Key()}});
  }
  // Keys each once, then the clock's, then who writes and the least stamp.
  Command Begin(const redis::Script& script, std::vector<std::string> keys, size_t rows) {
    while (keys.size() > rows) keys.erase(keys.begin() + dice_.Below(std::ssize(keys)));
    Command command{"EVALSHA", script.name, std::to_string(rows + 1)};
    command.insert(command.end(), keys.begin(), keys.end());
    command.insert(command.end(), {"::clock", Writer(), std::to_string(dice_.Below(2) * kMark)});
    return command;
  }
  // Without a stamp: a sequence whose halves both count, and the writer.
  std::string Row(uint32_t magic) {
    std::string row;
    PutNumber(dice_.Chance(95) ? magic : magic + 1, &row);
    row.resize(24);
    PutNumber(Sequence(), &row);
    PutNumber(uint32_t{0}, &row);
    PutNumber(uint32_t{kWriter}, &row);
    row += "the rest";
    if (dice_.Chance(3)) row.resize(30);
    return row;
  }
  int64_t Sequence() { return dice_.Between(0, 2) << 32 | dice_.Between(0, 9); }

  Command Versioned() {
    const auto rows = static_cast<size_t>(dice_.Between(1, 3));
    Command command = Begin(redis::VersionedScript(), {"a", "b", "g"}, rows);
    for (size_t i = 0; i < rows; ++i) command.push_back(Row(kMagics[1]));
    return command;
  }
  Command Increments() {
    const auto rows = static_cast<size_t>(dice_.Between(1, 3));
    Command command = Begin(redis::IncrementScript(), {"c", "d", "g"}, rows);
    for (size_t i = 0; i < rows; ++i) {
      command.push_back(Row(kMagics[0]));
      const uint32_t counts[] = {static_cast<uint32_t>(dice_.Below(4)),
                                 static_cast<uint32_t>(dice_.Below(3)),
                                 static_cast<uint32_t>(dice_.Below(3))};
      std::string plan;
      for (const uint32_t count : counts) PutNumber(count, &plan);
      if (dice_.Chance(60)) PutNumber(Sequence(), &plan);
      command.push_back(plan);
      for (uint32_t n = counts[0]; n > 0; --n) command.insert(command.end(), {Field(), Number()});
      for (uint32_t n = counts[1]; n > 0; --n) command.insert(command.end(), {Field(), Number()});
      for (uint32_t n = counts[2]; n > 0; --n) command.push_back(Field());
    }
    return command;
  }
  Command Values() {
    const auto rows = static_cast<size_t>(dice_.Between(1, 3));
    Command command = Begin(redis::ValuesScript(), {"e", "f", "g"}, rows);
    for (size_t i = 0; i < rows; ++i) {
      const std::string sequence =
          std::to_string(dice_.Between(1, 3) * 1'000'000'000 + dice_.Below(2));
      command.insert(command.end(), {"4", sequence, std::to_string(dice_.Below(4)), Layout(),
                                     ":format", dice_.Chance(95) ? "1" : "2", "f0", Number()});
    }
    return command;
  }

  property::Dice dice_;
};

TEST(RedisCommands, AreAsARealServerHasThem) {
  BothServers both;
  for (const redis::Script* const script :
       {&redis::ClaimScript(), &redis::OpenScript(), &redis::RemovalScript(),
        &redis::ValuesScript(), &redis::VersionedScript(), &redis::IncrementScript(),
        &redis::RightsScript()}) {
    both.Ask({"EVALSHA", script->name, "0"});  // not yet known
    both.Ask({"SCRIPT", "LOAD", script->text});
  }
  RedisOptions states, values;
  states.views = {"a"};
  values.values.resize(1);
  for (const RedisOptions& options : {states, values}) {
    Command command{"EVALSHA", redis::RightsScript().name, "1", "::nothing"};
    for (std::string& tried : redis::CommandsOfScripts(options))
      command.push_back(std::move(tried));
    both.Ask(command);
    both.CompareKeys();
  }
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    both.Clear();
    Drawn drawn(seed);
    for (int i = 0; i < 150; ++i) {
      both.Ask(drawn.Next());
      if (testing::Test::HasFatalFailure()) return;
    }
    both.CompareKeys();
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace skewless::simulation
