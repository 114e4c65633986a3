// What a simulated Redis holds, and the commands on it that the engine's writer, its readers and
// its scripts use, as Redis 7 has them. redis_commands_test.cc compares them with a real one's.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace skewless::simulation {

struct RedisReply {
  enum class Kind { kNil, kInteger, kText, kStatus, kError, kList };
  Kind kind = Kind::kNil;
  int64_t integer = 0;
  std::string text;
  std::vector<RedisReply> list;

  static RedisReply Nil() { return {}; }
  static RedisReply Integer(int64_t value) { return {Kind::kInteger, value, {}, {}}; }
  static RedisReply Text(std::string text) { return {Kind::kText, 0, std::move(text), {}}; }
  static RedisReply Ok() { return {Kind::kStatus, 0, "OK", {}}; }
  static RedisReply Error(std::string text) { return {Kind::kError, 0, std::move(text), {}}; }
  static RedisReply List(std::vector<RedisReply> list) {
    return {Kind::kList, 0, {}, std::move(list)};
  }
  bool is_error() const { return kind == Kind::kError; }
  // As RESP2 has it.
  void AppendTo(Bytes* out) const;
};

class RedisKeyspace {
 public:
  using Words = std::span<const std::string>;  // of a command, its name the first
  using Hash = std::map<std::string, std::string>;
  using Value = std::variant<std::string, Hash>;

  RedisReply Execute(Words words);

  // Null: there is none.
  const Value* Find(const std::string& key) const;
  // Keys that were written to since the last call.
  std::set<std::string> TakeTouched() { return std::exchange(touched_, {}); }
  size_t size() const { return values_.size(); }

 private:
  RedisReply Get(const std::string& key) const;
  RedisReply Set(Words words);
  RedisReply SetMany(Words words);
  RedisReply GetRange(Words words) const;
  RedisReply SetRange(Words words);
  RedisReply Delete(Words words);
  RedisReply HashGet(Words words, bool many) const;
  RedisReply HashGetAll(const std::string& key) const;
  RedisReply HashSet(Words words);
  RedisReply HashDelete(Words words);
  RedisReply HashIncrement(Words words);
  RedisReply Scan(Words words) const;
  // Of the type wanted, null where the key holds another; made where there was none.
  template <typename T>
  T* Make(const std::string& key);

  std::map<std::string, Value> values_;
  std::set<std::string> touched_;
};

}  // namespace skewless::simulation
