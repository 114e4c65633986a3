#include "online/redis/reply.h"

#include <charconv>
#include <string>

#include "online/redis/rights_script.h"

namespace skewless::redis {
namespace {

void AppendCount(char kind, size_t count, Bytes* out) {
  char text[24] = {kind};
  char* end = std::to_chars(text + 1, text + sizeof text - 2, count).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out->insert(out->end(), text, end);
}

struct Known {
  std::string_view prefix;
  ErrorCode code;
  bool may_retry;
  const char* remedy;
};

constexpr std::string_view kLacksRights = "NOPERM";
constexpr char kIsClusterRemedy[] = "It is a node of a cluster: set online.cluster to true.";

constexpr Known kKnown[] = {
    {"OOM", ErrorCode::kNoSpace, true, "Give it more memory (maxmemory); it is tried again."},
    {"LOADING", ErrorCode::kUnavailable, true, "It is reading its files; it is tried again."},
    {"BUSY", ErrorCode::kUnavailable, true, "Another script holds it up; it is tried again."},
    {"NOSCRIPT", ErrorCode::kUnavailable, true, "It forgot a script; it is tried again."},
    {"MISCONF", ErrorCode::kUnavailable, true, "It can't persist: see its log; it is tried again."},
    {"READONLY", ErrorCode::kUnavailable, true,
     "It is a replica: name the primary in online.address."},
    {"MASTERDOWN", ErrorCode::kUnavailable, true, "It is tried again."},
    {"NOREPLICAS", ErrorCode::kUnavailable, true, "Too few replicas are up; it is tried again."},
    {"CLUSTERDOWN", ErrorCode::kUnavailable, true, "It is tried again."},
    {"TRYAGAIN", ErrorCode::kUnavailable, true, "A slot is being moved; it is tried again."},
    {"ERR max number of clients", ErrorCode::kUnavailable, true,
     "Let it take more connections (maxclients); it is tried again."},
    {"MOVED", ErrorCode::kInvalid, false, kIsClusterRemedy},
    {"ASK", ErrorCode::kInvalid, false, kIsClusterRemedy},
    {"CROSSSLOT", ErrorCode::kInvalid, false, kIsClusterRemedy},
    {"ERR This instance has cluster support disabled", ErrorCode::kInvalid, false,
     "It is a Redis on its own: remove online.cluster."},
    {"DENIED", ErrorCode::kInvalid, false,
     "Give it a password, or turn off its protected mode where only the right ones reach it."},
    {"NOAUTH", ErrorCode::kInvalid, false, "Give online.password or online.password_env."},
    {"WRONGPASS", ErrorCode::kInvalid, false, "Mend online.username and online.password."},
    {"ERR AUTH", ErrorCode::kInvalid, false, "Remove online.password: it has none."},
    {"ERR invalid DB index", ErrorCode::kInvalid, false, "Mend online.database."},
    {"ERR DB index", ErrorCode::kInvalid, false, "Mend online.database."},
    {"ERR SELECT", ErrorCode::kInvalid, false,
     "A cluster has no databases: remove online.database."},
    {"WRONGTYPE", ErrorCode::kVersion, false,
     "Another program uses the same key_prefix and project: give this one its own."},
    {kLacksRights, ErrorCode::kInvalid, false,
     "Give the user the rights that docs/operations/redis.md lists."},
};

// A script's errors name themselves after "ERR ... script: ...@user_script:12: ".
bool Tells(std::string_view text, std::string_view prefix) {
  if (prefix == kLacksRights) return LacksRights(text);
  return text.starts_with(prefix) || text.find("-" + std::string(prefix) + " ") != text.npos;
}

}  // namespace

void BeginCommand(size_t words, Bytes* out) { AppendCount('*', words, out); }

void BeginWord(size_t size, Bytes* out) { AppendCount('$', size, out); }

void EndWord(Bytes* out) {
  out->push_back('\r');
  out->push_back('\n');
}

void AppendWord(std::string_view word, Bytes* out) {
  BeginWord(word.size(), out);
  PutRaw(*out, AsBytes(word));
  EndWord(out);
}

void AppendCommand(std::span<const std::string_view> words, Bytes* out) {
  BeginCommand(words.size(), out);
  for (const std::string_view word : words) AppendWord(word, out);
}

ServerError ErrorOf(std::string_view text, const std::string& server) {
  const std::string message = "Redis at " + server + ": " + std::string(text);
  for (const Known& known : kKnown) {
    if (Tells(text, known.prefix)) return {{known.code, message, known.remedy}, known.may_retry};
  }
  return {{ErrorCode::kUnsupported, message, "Redis 6.2 or newer is needed, with scripts allowed."},
          false};
}

Result<Timestamp> TimeOf(const redisReply& reply) {
  if (!IsArray(reply, 2)) return Fail(ErrorCode::kCorrupt, "TIME did not answer with a time");
  int64_t parts[2] = {};
  for (size_t i = 0; i < 2; ++i) {
    const redisReply& part = *reply.element[i];
    if (!IsText(part)) return Fail(ErrorCode::kCorrupt, "TIME did not answer with a time");
    const auto [stop, error] = std::from_chars(part.str, part.str + part.len, parts[i]);
    if (error != std::errc() || stop != part.str + part.len)
      return Fail(ErrorCode::kCorrupt, "TIME did not answer with a time");
  }
  return parts[0] * kSecondUs + parts[1];
}

}  // namespace skewless::redis
