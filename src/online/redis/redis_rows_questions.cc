// What the writer asks and waits for: whose rows these are, and which versions there are.
#include <fmt/format.h>

#include <algorithm>

#include "online/redis/redis_rows.h"
#include "online/redis/values_row.h"

namespace skewless::redis {
namespace {

constexpr size_t kKeysPerQuestion = 10'000;
// A row's head and as many stamps as most rows carry.
constexpr size_t kCommonHeadBytes = kRowHeadBytes + 16 * kUnloggedBytes;

StoredRow StoredRowOf(RowHead head) {
  StoredRow row;
  row.found = true;
  row.sequence = head.stamp.sequence;
  row.stamps = std::move(head.unlogged);
  row.stamps.push_back(head.stamp);
  return row;
}

// Of who was asked for it beside its key.
Result<Timestamp> TimeIn(const Servers::Answer& answer) {
  if (IsError(*answer.plain)) return tl::unexpected<Error>(answer.ErrorIn(answer.plain));
  return TimeOf(*answer.plain);
}

}  // namespace

Status RedisRows::CheckPolicies() {
  for (const auto& [endpoint, server] : questions_->connections()) {
    const std::string& policy = server->eviction_policy();
    if (policy.empty() || policy == "noeviction" || (policy.starts_with("volatile-") && !expires_))
      continue;
    return Fail(ErrorCode::kInvalid,
                "Redis at " + endpoint.ToString() + ": its maxmemory-policy is '" + policy +
                    "': it would drop rows, and their entities would seem never to have been seen",
                "Set maxmemory-policy to noeviction, in its configuration or by CONFIG SET.");
  }
  return {};
}

// For a shell: removes all keys of the project in one server. Entities may be any bytes, so keys
// are listed in quotes, as redis-cli reads them back; one by one, since no server is held up then.
std::string RedisRows::RemovalFrom(const Endpoint& server) const {
  std::string client = "redis-cli -h " + server.host + " -p " + std::to_string(server.port);
  if (servers_->cluster()) client += " -c";
  if (options_.database != 0) client += " -n " + std::to_string(options_.database);
  std::string pattern;
  for (const char c : EscapeGlob(keys_.project()))
    pattern += c == '\'' ? "'\\''" : std::string(1, c);
  return client + " --no-raw --scan --pattern '" + pattern + ":*' | sed 's/^/unlink /' | " + client;
}

// Two logs must not write one set of rows: neither would know what the other's sequences mean.
Status RedisRows::CheckOwner(Owner what) {
  const std::string key = keys_.Log();
  const std::string ours = fmt::format("{:016x}", options_.log_identity);
  std::vector<Servers::Question> questions(2);
  for (Servers::Question& question : questions) question.slot = SlotOf(key);
  if (what == Owner::kBecome) {
    AppendCommand({"SET", key, ours, "NX"}, &questions[0].keyed);
  } else {
    AppendCommand({"GET", key}, &questions[0].keyed);
  }
  AppendCommand({"GET", key}, &questions[1].keyed);
  AppendCommand({"TIME"}, &questions[1].plain);
  std::vector<Servers::Answer> answers;
  SKEWLESS_RETURN_IF_ERROR(questions_->Ask(questions, &answers));
  const redisReply& stored = *answers[1].keyed;
  const Endpoint& endpoint = answers[1].server->endpoint();
  const std::string server = endpoint.ToString();
  for (const Servers::Answer& answer : answers) {
    if (IsError(*answer.keyed)) return tl::unexpected<Error>(answer.ErrorIn(answer.keyed));
  }
  SKEWLESS_ASSIGN_OR_RETURN(const Timestamp time, TimeIn(answers[1]));
  NoteTime(time);
  const bool is_nobodys = what == Owner::kLook && stored.type == REDIS_REPLY_NIL;
  if (is_nobodys || (IsText(stored) && TextOf(stored) == ours)) return CheckPolicies();
  return Fail(
      ErrorCode::kLocked,
      "Redis at " + server + " keeps the rows of another log under '" + keys_.project() + "'",
      "Use another online.key_prefix or database. If that log is gone for good, remove its rows" +
          std::string(servers_->cluster() ? " from each of the cluster's nodes" : "") +
          " first: " + RemovalFrom(endpoint));
}

// Of each run of a server's slots that rows may lie in, the first.
std::vector<uint32_t> RedisRows::SlotOfEachServer() {
  std::vector<uint32_t> slots;
  const Connection* last = nullptr;
  for (const uint32_t slot : row_slots_) {
    const Connection* const server = questions_->Of(slot);
    if (server == last && server != nullptr) continue;
    last = server;
    slots.push_back(slot);
  }
  return slots;
}

// Every server that rows may lie on is asked for its time, once for each run of its slots.
Result<Timestamp> RedisRows::Examine() {
  SKEWLESS_RETURN_IF_ERROR(CheckOwner(Owner::kLook));
  SKEWLESS_RETURN_IF_ERROR(CheckRights());
  std::vector<Servers::Question> questions;
  for (const uint32_t slot : SlotOfEachServer()) {
    Servers::Question& question = questions.emplace_back();
    question.slot = slot;
    AppendCommand({"TIME"}, &question.plain);
    AppendCommand({"GET", keys_.Clock(slot)}, &question.keyed);
  }
  std::vector<Servers::Answer> answers;
  SKEWLESS_RETURN_IF_ERROR(questions_->Ask(questions, &answers));
  Timestamp least = kMaxTimestamp;
  for (const Servers::Answer& answer : answers) {
    SKEWLESS_ASSIGN_OR_RETURN(const Timestamp time, TimeIn(answer));
    least = std::min(least, time);
  }
  return least;
}

void RedisRows::AppendQuestion(int view, const std::string& key, size_t head_bytes,
                               Bytes* out) const {
  if (options_.increments_of(view) != nullptr) return AppendCommand({"HGET", key, kRowField}, out);
  if (!options_.keeps_values())
    return AppendCommand({"GETRANGE", key, "0", std::to_string(head_bytes - 1)}, out);
  BeginCommand(2 + std::size(kVersionFields), out);
  AppendWord("HMGET", out);
  AppendWord(key, out);
  for (const std::string_view field : kVersionFields) AppendWord(field, out);
}

Result<StoredRow> RedisRows::TakeVersion(int view, const redisReply& reply, bool* more) const {
  const auto index = static_cast<size_t>(view);
  if (options_.keeps_values())
    return StoredValuesOf(options_.values[index], options_.fingerprints[index], reply);
  const std::string_view text = IsText(reply) ? TextOf(reply) : "";
  if (text.empty()) return StoredRow{};
  const bool is_hash = options_.increments_of(view) != nullptr;
  SKEWLESS_ASSIGN_OR_RETURN(RowHead head,
                            DecodeRowHead(AsBytes(text), is_hash ? kHashRowMagic : kRowMagic));
  *more = head.unlogged.size() < head.unlogged_count;
  return StoredRowOf(std::move(head));
}

Status RedisRows::AskInChunks(std::span<const RowKey> keys, size_t head_bytes,
                              std::vector<StoredRow>* rows, std::vector<size_t>* longer) {
  std::string key;
  for (size_t begin = 0; begin < keys.size(); begin += kKeysPerQuestion) {
    const size_t end = std::min(keys.size(), begin + kKeysPerQuestion);
    asked_.resize(end - begin);
    for (size_t i = begin; i < end; ++i) {
      const uint32_t bucket = keys_.BucketOf(keys[i].view, keys[i].key);
      key.clear();
      keys_.AppendRowKey(keys[i].view, bucket, keys[i].key, &key);
      Servers::Question& question = asked_[i - begin];
      question.slot = bucket_slot_[bucket];
      question.keyed.clear();
      AppendQuestion(keys[i].view, key, head_bytes, &question.keyed);
    }
    SKEWLESS_RETURN_IF_ERROR(questions_->Ask(asked_, &answers_));
    for (size_t i = begin; i < end; ++i) {
      const Servers::Answer& answer = answers_[i - begin];
      if (IsError(*answer.keyed)) return tl::unexpected<Error>(answer.ErrorIn(answer.keyed));
      bool more = false;
      SKEWLESS_ASSIGN_OR_RETURN((*rows)[i], TakeVersion(keys[i].view, *answer.keyed, &more));
      if (more) longer->push_back(i);
    }
  }
  return {};
}

Result<bool> RedisRows::ReadEarlier(std::span<const EarlierRows> earlier, bool anew,
                                    std::vector<EarlierRow>* rows) {
  if (anew) {
    SKEWLESS_RETURN_IF_ERROR(CheckOwner());
    earlier_.emplace(keys_, row_slots_, earlier);
  }
  return earlier_->Step(*questions_, rows);
}

Status RedisRows::ReadVersions(std::span<const RowKey> keys, std::vector<StoredRow>* rows) {
  SKEWLESS_RETURN_IF_ERROR(CheckOwner());
  rows->assign(keys.size(), StoredRow{});
  std::vector<size_t> longer;
  SKEWLESS_RETURN_IF_ERROR(AskInChunks(keys, kCommonHeadBytes, rows, &longer));
  // Few rows carry more stamps than that.
  std::vector<size_t> none;
  std::vector<StoredRow> whole(1);
  for (const size_t i : longer) {
    const size_t bytes = kRowHeadBytes + kUnloggedBytes * kMaxUnloggedStamps;
    whole[0] = {};
    SKEWLESS_RETURN_IF_ERROR(AskInChunks(keys.subspan(i, 1), bytes, &whole, &none));
    (*rows)[i] = std::move(whole[0]);
  }
  return {};
}

}  // namespace skewless::redis
