// Lua scripts as Redis runs them: redis.call and redis.pcall, KEYS and ARGV, struct.pack and
// struct.unpack of the formats that ours use, and Redis' rules for what a value becomes on the way
// from one side to the other. The interpreter is Lua 5.1, as in Redis.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "simulation/redis_keyspace.h"

struct lua_State;

namespace skewless::simulation {

class RedisScripts {
 public:
  using Execute = std::function<RedisReply(RedisKeyspace::Words)>;
  // `execute`: what redis.call does.
  explicit RedisScripts(Execute execute);

  bool Knows(const std::string& name) const { return texts_.contains(name); }
  void Load(const std::string& name, std::string text) { texts_[name] = std::move(text); }
  RedisReply RunByName(const std::string& name, RedisKeyspace::Words keys,
                       RedisKeyspace::Words arguments) {
    return Run(texts_.at(name), keys, arguments);
  }
  RedisReply Run(const std::string& text, RedisKeyspace::Words keys,
                 RedisKeyspace::Words arguments);
  void Forget() { texts_.clear(); }

 private:
  static int Call(lua_State* lua);
  static int ProtectedCall(lua_State* lua);
  static int Pack(lua_State* lua);
  static int Unpack(lua_State* lua);
  // Leaves the answer on the stack; true where it is an error.
  static bool CallTo(lua_State* lua);

  struct Close {
    void operator()(lua_State* lua) const;
  };
  Execute execute_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, int> compiled_;  // by text: where it is kept
  std::unique_ptr<lua_State, Close> lua_;
};

}  // namespace skewless::simulation
