#include "simulation/redis_scripts.h"

#include <cstring>
#include <lua.hpp>

#include "base/check.h"

namespace skewless::simulation {
namespace {

constexpr char kRunner[] = "skewless.runner";

void Push(lua_State* lua, const std::string& text) {
  lua_pushlstring(lua, text.data(), text.size());
}

void PushWords(lua_State* lua, RedisKeyspace::Words words) {
  lua_newtable(lua);
  for (size_t i = 0; i < words.size(); ++i) {
    Push(lua, words[i]);
    lua_rawseti(lua, -2, static_cast<int>(i + 1));
  }
}

void PushNamed(lua_State* lua, const char* name, const std::string& text) {
  lua_newtable(lua);
  Push(lua, text);
  lua_setfield(lua, -2, name);
}

void PushReply(lua_State* lua, const RedisReply& reply) {
  switch (reply.kind) {
    case RedisReply::Kind::kNil:
      return lua_pushboolean(lua, 0);
    case RedisReply::Kind::kInteger:
      return lua_pushnumber(lua, static_cast<lua_Number>(reply.integer));
    case RedisReply::Kind::kText:
      return Push(lua, reply.text);
    case RedisReply::Kind::kStatus:
      return PushNamed(lua, "ok", reply.text);
    case RedisReply::Kind::kError:
      return PushNamed(lua, "err", reply.text);
    case RedisReply::Kind::kList:
      lua_newtable(lua);
      for (size_t i = 0; i < reply.list.size(); ++i) {
        PushReply(lua, reply.list[i]);
        lua_rawseti(lua, -2, static_cast<int>(i + 1));
      }
  }
}

std::string TextAt(lua_State* lua, int at) {
  size_t size = 0;
  const char* const text = lua_tolstring(lua, at, &size);
  return {text, size};
}

// What a script returns: of a table up to the first nil, of a number its whole part.
RedisReply TakeReply(lua_State* lua, int at) {
  switch (lua_type(lua, at)) {
    case LUA_TSTRING:
      return RedisReply::Text(TextAt(lua, at));
    case LUA_TNUMBER:
      return RedisReply::Integer(static_cast<int64_t>(lua_tonumber(lua, at)));
    case LUA_TBOOLEAN:
      return lua_toboolean(lua, at) != 0 ? RedisReply::Integer(1) : RedisReply::Nil();
    case LUA_TTABLE:
      break;
    default:
      return RedisReply::Nil();
  }
  lua_getfield(lua, at, "err");
  if (lua_isstring(lua, -1) != 0) {
    RedisReply error = RedisReply::Error(TextAt(lua, -1));
    lua_pop(lua, 1);
    return error;
  }
  lua_pop(lua, 1);
  std::vector<RedisReply> list;
  for (int i = 1;; ++i) {
    lua_rawgeti(lua, at, i);
    const bool ends = lua_isnil(lua, -1);
    if (!ends) list.push_back(TakeReply(lua, lua_gettop(lua)));
    lua_pop(lua, 1);
    if (ends) return RedisReply::List(std::move(list));
  }
}

// "<I4I8...": whole numbers without a sign, the least byte first.
template <typename Take>
void EachInteger(const char* format, const Take& take) {
  SKEWLESS_CHECK(*format == '<');
  for (++format; *format != 0; format += 2) {
    SKEWLESS_CHECK(*format == 'I' && (format[1] == '4' || format[1] == '8'));
    take(static_cast<size_t>(format[1] - '0'));
  }
}

}  // namespace

void RedisScripts::Close::operator()(lua_State* lua) const { lua_close(lua); }

RedisScripts::RedisScripts(Execute execute) : execute_(std::move(execute)), lua_(luaL_newstate()) {
  lua_State* const lua = lua_.get();
  luaL_openlibs(lua);
  lua_pushlightuserdata(lua, this);
  lua_setfield(lua, LUA_REGISTRYINDEX, kRunner);
  constexpr luaL_Reg kRedis[] = {{"call", Call}, {"pcall", ProtectedCall}, {nullptr, nullptr}};
  constexpr luaL_Reg kStruct[] = {{"pack", Pack}, {"unpack", Unpack}, {nullptr, nullptr}};
  luaL_register(lua, "redis", kRedis);
  luaL_register(lua, "struct", kStruct);
  lua_settop(lua, 0);
}

// Nothing here may be destroyed late: an error leaves the callers by a jump.
bool RedisScripts::CallTo(lua_State* lua) {
  lua_getfield(lua, LUA_REGISTRYINDEX, kRunner);
  auto* const runner = static_cast<RedisScripts*>(lua_touserdata(lua, -1));
  lua_pop(lua, 1);
  std::vector<std::string> words;
  for (int i = 1; i <= lua_gettop(lua); ++i) {
    if (lua_type(lua, i) == LUA_TNUMBER) {
      char digits[64];
      std::snprintf(digits, sizeof digits, "%.17g", lua_tonumber(lua, i));
      words.emplace_back(digits);
    } else if (lua_type(lua, i) == LUA_TSTRING) {
      words.push_back(TextAt(lua, i));
    } else {
      PushReply(lua, RedisReply::Error(
                         "ERR Lua redis lib command arguments must be strings or integers"));
      return true;
    }
  }
  const RedisReply reply = runner->execute_(words);
  PushReply(lua, reply);
  return reply.is_error();
}

int RedisScripts::Call(lua_State* lua) {
  if (!CallTo(lua)) return 1;
  lua_getfield(lua, -1, "err");
  return lua_error(lua);
}

int RedisScripts::ProtectedCall(lua_State* lua) {
  CallTo(lua);
  return 1;
}

int RedisScripts::Pack(lua_State* lua) {
  char bytes[256];
  size_t size = 0;
  int at = 1;
  EachInteger(luaL_checkstring(lua, 1), [&](size_t width) {
    const lua_Number number = luaL_checknumber(lua, ++at);
    const auto value = number < 0 ? static_cast<uint64_t>(static_cast<int64_t>(number))
                                  : static_cast<uint64_t>(number);
    SKEWLESS_CHECK(size + width <= sizeof bytes);
    std::memcpy(bytes + size, &value, width);
    size += width;
  });
  lua_pushlstring(lua, bytes, size);
  return 1;
}

int RedisScripts::Unpack(lua_State* lua) {
  size_t size = 0;
  const char* const bytes = luaL_checklstring(lua, 2, &size);
  auto at = static_cast<size_t>(luaL_optnumber(lua, 3, 1)) - 1;
  int count = 0;
  bool fits = true;
  EachInteger(luaL_checkstring(lua, 1), [&](size_t width) {
    fits &= at + width <= size;
    if (!fits) return;
    uint64_t value = 0;
    std::memcpy(&value, bytes + at, width);
    at += width;
    lua_pushnumber(lua, static_cast<lua_Number>(value));
    ++count;
  });
  if (!fits) return luaL_error(lua, "data string too short");
  lua_pushnumber(lua, static_cast<lua_Number>(at + 1));
  return count + 1;
}

RedisReply RedisScripts::Run(const std::string& text, RedisKeyspace::Words keys,
                             RedisKeyspace::Words arguments) {
  lua_State* const lua = lua_.get();
  const auto kept = compiled_.find(text);
  if (kept == compiled_.end()) {
    SKEWLESS_CHECK(luaL_loadbuffer(lua, text.data(), text.size(), "@script") == 0);
    compiled_[text] = luaL_ref(lua, LUA_REGISTRYINDEX);
  }
  PushWords(lua, keys);
  lua_setglobal(lua, "KEYS");
  PushWords(lua, arguments);
  lua_setglobal(lua, "ARGV");
  lua_rawgeti(lua, LUA_REGISTRYINDEX, compiled_[text]);
  const bool failed = lua_pcall(lua, 0, 1, 0) != 0;
  RedisReply reply =
      failed ? RedisReply::Error("ERR " + TextAt(lua, -1)) : TakeReply(lua, lua_gettop(lua));
  lua_settop(lua, 0);
  return reply;
}

}  // namespace skewless::simulation
