#include "simulation/redis_keyspace.h"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace skewless::simulation {
namespace {

// A step, whatever is asked for: the walks of small worlds have many.
constexpr size_t kKeysPerScan = 1;

RedisReply WrongType() {
  return RedisReply::Error("WRONGTYPE Operation against a key holding the wrong kind of value");
}
RedisReply WrongNumber() { return RedisReply::Error("ERR wrong number of arguments"); }

std::optional<int64_t> IntegerIn(const std::string& text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return value;
}

bool Same(const std::string& word, std::string_view name) {
  return std::equal(word.begin(), word.end(), name.begin(), name.end(),
                    [](char a, char b) { return std::toupper(a) == b; });
}

void Put(Bytes* out, const std::string& text) { out->insert(out->end(), text.begin(), text.end()); }

}  // namespace

void RedisReply::AppendTo(Bytes* out) const {
  switch (kind) {
    case Kind::kNil:
      return Put(out, "$-1\r\n");
    case Kind::kInteger:
      return Put(out, ":" + std::to_string(integer) + "\r\n");
    case Kind::kText:
      return Put(out, "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n");
    case Kind::kStatus:
      return Put(out, "+" + text + "\r\n");
    case Kind::kError:
      return Put(out, "-" + text + "\r\n");
    case Kind::kList:
      Put(out, "*" + std::to_string(list.size()) + "\r\n");
      for (const RedisReply& reply : list) reply.AppendTo(out);
  }
}

const RedisKeyspace::Value* RedisKeyspace::Find(const std::string& key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

template <typename T>
T* RedisKeyspace::Make(const std::string& key) {
  touched_.insert(key);
  return std::get_if<T>(&values_.try_emplace(key, T()).first->second);
}

RedisReply RedisKeyspace::Execute(Words words) {
  const std::string& name = words[0];
  const size_t arguments = words.size() - 1;
  if (Same(name, "FLUSHALL")) {
    for (const auto& [key, value] : values_) touched_.insert(key);
    values_.clear();
    return RedisReply::Ok();
  }
  if (Same(name, "SCAN")) return Scan(words);
  if (arguments == 0) return WrongNumber();
  if (Same(name, "GET")) return Get(words[1]);
  if (Same(name, "HGETALL")) return HashGetAll(words[1]);
  if (Same(name, "DEL")) return Delete(words);
  if (Same(name, "EXISTS")) return RedisReply::Integer(Find(words[1]) == nullptr ? 0 : 1);
  if (Same(name, "MGET")) {
    std::vector<RedisReply> list;
    for (const std::string& key : words.subspan(1)) {
      const Value* const value = Find(key);
      const bool is_text = value != nullptr && std::holds_alternative<std::string>(*value);
      list.push_back(is_text ? Get(key) : RedisReply::Nil());
    }
    return RedisReply::List(std::move(list));
  }
  if (arguments == 1) return WrongNumber();
  if (Same(name, "SET")) return Set(words);
  if (Same(name, "MSET")) return SetMany(words);
  if (Same(name, "HGET")) return HashGet(words, false);
  if (Same(name, "HMGET")) return HashGet(words, true);
  if (Same(name, "HDEL")) return HashDelete(words);
  if (arguments == 2) return WrongNumber();
  if (Same(name, "HSET")) return HashSet(words);
  if (Same(name, "HINCRBY")) return HashIncrement(words);
  if (Same(name, "GETRANGE")) return GetRange(words);
  if (Same(name, "SETRANGE")) return SetRange(words);
  return RedisReply::Error("ERR unknown command '" + name + "'");
}

RedisReply RedisKeyspace::Get(const std::string& key) const {
  const Value* const value = Find(key);
  if (value == nullptr) return RedisReply::Nil();
  const auto* const text = std::get_if<std::string>(value);
  return text == nullptr ? WrongType() : RedisReply::Text(*text);
}

RedisReply RedisKeyspace::Set(Words words) {
  const bool only_new = words.size() > 3 && Same(words[3], "NX");
  if (words.size() > 3 && !only_new) return RedisReply::Error("ERR syntax error");
  if (only_new && Find(words[1]) != nullptr) return RedisReply::Nil();
  touched_.insert(words[1]);
  values_[words[1]] = words[2];
  return RedisReply::Ok();
}

RedisReply RedisKeyspace::SetMany(Words words) {
  if (words.size() % 2 == 0) return WrongNumber();
  for (size_t i = 1; i < words.size(); i += 2) {
    touched_.insert(words[i]);
    values_[words[i]] = words[i + 1];
  }
  return RedisReply::Ok();
}

// From the first byte on, up to the last, both included.
RedisReply RedisKeyspace::GetRange(Words words) const {
  const RedisReply whole = Get(words[1]);
  if (whole.is_error()) return whole;
  const auto first = IntegerIn(words[2]), last = IntegerIn(words[3]);
  if (!first || !last || *first < 0 || *last < 0)
    return RedisReply::Error("ERR value is not an integer or out of range");
  const auto from = static_cast<size_t>(*first);
  if (from >= whole.text.size() || *last < *first) return RedisReply::Text("");
  return RedisReply::Text(whole.text.substr(from, static_cast<size_t>(*last) - from + 1));
}

RedisReply RedisKeyspace::SetRange(Words words) {
  const auto at = IntegerIn(words[2]);
  if (!at || *at < 0) return RedisReply::Error("ERR value is not an integer or out of range");
  const RedisReply before = Get(words[1]);
  if (before.is_error()) return before;
  if (words[3].empty()) return RedisReply::Integer(static_cast<int64_t>(before.text.size()));
  auto* const text = Make<std::string>(words[1]);
  const size_t end = static_cast<size_t>(*at) + words[3].size();
  if (text->size() < end) text->resize(end);
  text->replace(static_cast<size_t>(*at), words[3].size(), words[3]);
  return RedisReply::Integer(static_cast<int64_t>(text->size()));
}

RedisReply RedisKeyspace::Delete(Words words) {
  int64_t deleted = 0;
  for (const std::string& key : words.subspan(1)) {
    if (values_.erase(key) == 0) continue;
    touched_.insert(key);
    ++deleted;
  }
  return RedisReply::Integer(deleted);
}

RedisReply RedisKeyspace::HashGet(Words words, bool many) const {
  const Value* const value = Find(words[1]);
  const auto* const hash = value == nullptr ? nullptr : std::get_if<Hash>(value);
  if (value != nullptr && hash == nullptr) return WrongType();
  std::vector<RedisReply> list;
  for (const std::string& field : words.subspan(2)) {
    const bool there = hash != nullptr && hash->contains(field);
    list.push_back(there ? RedisReply::Text(hash->at(field)) : RedisReply::Nil());
  }
  return many ? RedisReply::List(std::move(list)) : list[0];
}

RedisReply RedisKeyspace::HashGetAll(const std::string& key) const {
  const Value* const value = Find(key);
  if (value == nullptr) return RedisReply::List({});
  const auto* const hash = std::get_if<Hash>(value);
  if (hash == nullptr) return WrongType();
  std::vector<RedisReply> list;
  for (const auto& [field, text] : *hash) {
    list.push_back(RedisReply::Text(field));
    list.push_back(RedisReply::Text(text));
  }
  return RedisReply::List(std::move(list));
}

RedisReply RedisKeyspace::HashSet(Words words) {
  if (words.size() % 2 != 0) return WrongNumber();
  Hash* const hash = Make<Hash>(words[1]);
  if (hash == nullptr) return WrongType();
  int64_t added = 0;
  for (size_t i = 2; i < words.size(); i += 2)
    added += hash->insert_or_assign(words[i], words[i + 1]).second ? 1 : 0;
  return RedisReply::Integer(added);
}

RedisReply RedisKeyspace::HashDelete(Words words) {
  if (Find(words[1]) == nullptr) return RedisReply::Integer(0);
  Hash* const hash = Make<Hash>(words[1]);
  if (hash == nullptr) return WrongType();
  int64_t deleted = 0;
  for (const std::string& field : words.subspan(2))
    deleted += static_cast<int64_t>(hash->erase(field));
  if (hash->empty()) values_.erase(words[1]);
  return RedisReply::Integer(deleted);
}

RedisReply RedisKeyspace::HashIncrement(Words words) {
  const auto by = IntegerIn(words[3]);
  if (!by) return RedisReply::Error("ERR value is not an integer or out of range");
  const Value* const value = Find(words[1]);
  if (value != nullptr && !std::holds_alternative<Hash>(*value)) return WrongType();
  const auto* const there = value == nullptr ? nullptr : std::get_if<Hash>(value);
  const bool has = there != nullptr && there->contains(words[2]);
  const auto before = has ? IntegerIn(there->at(words[2])) : std::optional<int64_t>(0);
  if (!before) return RedisReply::Error("ERR hash value is not an integer");
  int64_t sum = 0;
  if (__builtin_add_overflow(*before, *by, &sum))
    return RedisReply::Error("ERR increment or decrement would overflow");
  (*Make<Hash>(words[1]))[words[2]] = std::to_string(sum);
  return RedisReply::Integer(sum);
}

// In the order of their hashes, of which the cursor is the next: what stays there all along is
// found, whatever comes and goes meanwhile.
RedisReply RedisKeyspace::Scan(Words words) const {
  std::string match = "*", type;
  for (size_t i = 2; i + 1 < words.size(); i += 2) {
    if (Same(words[i], "MATCH")) match = words[i + 1];
    if (Same(words[i], "TYPE")) type = words[i + 1];
  }
  std::vector<std::pair<uint64_t, const std::string*>> order;
  for (const auto& [key, value] : values_) order.emplace_back(Hash64(AsBytes(key)) | 1, &key);
  std::sort(order.begin(), order.end());
  const uint64_t cursor = std::strtoull(words[1].c_str(), nullptr, 10);
  std::vector<RedisReply> found;
  uint64_t next = 0;
  size_t seen = 0;
  for (const auto& [hash, key] : order) {
    if (hash < cursor) continue;
    if (seen++ == kKeysPerScan) {
      next = hash;
      break;
    }
    const bool is_hash = std::holds_alternative<Hash>(values_.at(*key));
    if (!type.empty() && type != (is_hash ? "hash" : "string")) continue;
    if (::fnmatch(match.c_str(), key->c_str(), 0) == 0) found.push_back(RedisReply::Text(*key));
  }
  return RedisReply::List(
      {RedisReply::Text(std::to_string(next)), RedisReply::List(std::move(found))});
}

}  // namespace skewless::simulation
