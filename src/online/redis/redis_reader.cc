#include "online/redis/redis_reader.h"

#include <time.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "base/clock.h"
#include "kernel/state.h"
#include "online/closed_views.h"
#include "online/redis/values_row.h"
#include "online/redis/values_script.h"

namespace skewless::redis {
namespace {

constexpr DurationUs kReadAgainAfterUs = 50;

void SleepUs(DurationUs duration) {
  const timespec time{duration / kSecondUs, (duration % kSecondUs) * 1000};
  ::nanosleep(&time, nullptr);
}

// A server that is full refuses MULTI, but no script that only reads. It answers as EXEC would:
// with the first ARGV[1] keys' values in one list, and each hash in one.
constexpr std::string_view kReadHashesScript = R"(local plain = tonumber(ARGV[1])
local reply = {{}}
for i = 1, plain do reply[1][i] = redis.pcall('GET', KEYS[i]) end
for i = plain + 1, #KEYS do reply[1 + i - plain] = redis.pcall('HGETALL', KEYS[i]) end
return reply
)";

// Its keys, and then so many arguments, follow.
void BeginScript(std::string_view script, size_t keys, size_t arguments, Bytes* out) {
  BeginCommand(3 + keys + arguments, out);
  AppendWord("EVAL", out);
  AppendWord(script, out);
  AppendWord(std::to_string(keys), out);
}

tl::unexpected<Error> NoState() {
  return Fail(ErrorCode::kCorrupt, "a row in Redis holds no state of its view",
              "Remove its key; the engine writes it again at its next start.");
}

}  // namespace

Result<std::unique_ptr<OnlineReader>> RedisReader::Open(const RedisOptions& options) {
  SKEWLESS_CHECK(options.views.size() == options.fingerprints.size());
  SKEWLESS_ASSIGN_OR_RETURN(auto servers, Servers::Make(options, {}));
  return std::unique_ptr<OnlineReader>(new RedisReader(options, std::move(servers)));
}

RedisReader::RedisReader(const RedisOptions& options, std::unique_ptr<Servers> servers)
    : options_(options),
      keys_(options),
      servers_(std::move(servers)),
      layouts_(LayoutsOf(options)) {}

// One for a server that has everything; in a cluster one for each bucket.
void RedisReader::MakeQuestions(std::span<const RowKey> keys) {
  buckets_.clear();
  for (const RowKey& key : keys) buckets_.push_back(keys_.BucketOf(key.view, key.key));
  order_.resize(keys.size());
  std::iota(order_.begin(), order_.end(), size_t{0});
  const bool cluster = servers_->cluster();
  if (cluster && keys.size() > 1) {
    std::sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
      return buckets_[a] != buckets_[b] ? buckets_[a] < buckets_[b] : a < b;
    });
  }
  group_begin_.clear();
  for (size_t i = 0; i < order_.size(); ++i) {
    if (i == 0 || (cluster && buckets_[order_[i]] != buckets_[order_[i - 1]]))
      group_begin_.push_back(i);
  }
  if (order_.empty()) group_begin_.push_back(0);  // no row, but still an instant
  group_begin_.push_back(order_.size());
  questions_.resize(group_begin_.size() - 1);
  for (size_t q = 0; q < questions_.size(); ++q) {
    Servers::Question& question = questions_[q];
    const uint32_t bucket = order_.empty() ? 0 : buckets_[order_[group_begin_[q]]];
    question.slot = cluster ? keys_.SlotOfBucket(bucket) : 0;
    const std::string open = keys_.Open(question.slot);
    question.plain.clear();
    AppendCommand({"TIME"}, &question.plain);
    MakeQuestion(keys,
                 std::span(order_).subspan(group_begin_[q], group_begin_[q + 1] - group_begin_[q]),
                 open, &question);
  }
}

void RedisReader::AppendKey(const RowKey& key, uint32_t bucket, Bytes* out) {
  key_.clear();
  keys_.AppendRowKey(key.view, bucket, key.key, &key_);
  AppendWord(key_, out);
}

// Of one server or bucket, at one instant of its.
void RedisReader::MakeQuestion(std::span<const RowKey> keys, std::span<const size_t> group,
                               const std::string& open, Servers::Question* question) {
  const auto hashes = static_cast<size_t>(
      std::count_if(group.begin(), group.end(), [&](size_t i) { return is_hash(keys[i].view); }));
  const size_t plain = 1 + group.size() - hashes;
  Bytes& out = question->keyed;
  out.clear();
  if (hashes > 0) {
    BeginScript(kReadHashesScript, group.size() + 1, /*arguments=*/1, &out);
  } else if (finished()) {
    BeginScript(kReadValuesScript, plain, /*arguments=*/0, &out);
  } else {
    BeginCommand(1 + plain, &out);
    AppendWord("MGET", &out);
  }
  AppendWord(open, &out);
  for (const bool of_hashes : {false, true}) {
    for (const size_t i : group) {
      if (is_hash(keys[i].view) == of_hashes) AppendKey(keys[i], buckets_[i], &out);
    }
  }
  if (hashes > 0) AppendWord(std::to_string(plain), &out);
}

Status RedisReader::CheckOpen(const redisReply& open, const Connection& server, int view) const {
  const std::string at = "the online store in Redis at " + server.endpoint().ToString();
  const auto index = static_cast<size_t>(view);
  const Opened opened = IsText(open)
                            ? CheckOpenValue(TextOf(open), server.run_id(), layouts_[index])
                            : Opened::kOtherServer;
  switch (opened) {
    case Opened::kYes:
      return {};
    case Opened::kOtherServer:
      return Fail(ErrorCode::kUnavailable, at + " is being filled",
                  "Try again once the engine (skewless run) has written all rows.");
    case Opened::kOtherLayout:
      break;
  }
  return Fail(
      ErrorCode::kUnavailable,
      at + " holds no view '" + options_.views[index] + "' with this definition",
      "Start this process and the engine with the same definition. Where they have just been, "
      "try again once the engine (skewless run) has written all rows.");
}

Status RedisReader::TakeRows(const Servers::Answer& answer, std::span<const RowKey> keys,
                             std::span<const size_t> group, Snapshot* snapshot) {
  const std::string server = answer.server->endpoint().ToString();
  for (const redisReply* const reply : {answer.plain.get(), answer.keyed.get()}) {
    if (IsError(*reply)) return tl::unexpected<Error>(ErrorOf(TextOf(*reply), server).error);
  }
  SKEWLESS_ASSIGN_OR_RETURN(const Timestamp time, TimeOf(*answer.plain));
  snapshot->least_time = std::min(snapshot->least_time, time);
  const auto hashes = static_cast<size_t>(
      std::count_if(group.begin(), group.end(), [&](size_t i) { return is_hash(keys[i].view); }));
  const auto incomplete = [&] {
    return Fail(ErrorCode::kCorrupt, "Redis at " + server + " did not answer with all rows");
  };
  if (hashes > 0 && !IsArray(*answer.keyed, 1 + hashes)) return incomplete();
  const redisReply& rows = hashes > 0 ? *answer.keyed->element[0] : *answer.keyed;
  if (!IsArray(rows, 1 + group.size() - hashes)) return incomplete();
  int checked = -1;
  size_t row = 1, hash = 1;
  for (const size_t i : group) {
    const int view = keys[i].view;
    if (view != checked)
      SKEWLESS_RETURN_IF_ERROR(CheckOpen(*rows.element[0], *answer.server, view));
    checked = view;
    Result<Stamp> stamp;
    if (const ViewKernel* const kernel = options_.increments_of(view)) {
      const redisReply& reply = *answer.keyed->element[hash++];
      if (IsError(reply)) return tl::unexpected<Error>(ErrorOf(TextOf(reply), server).error);
      stamp = TakeHash(reply, *kernel, i);
    } else {
      const redisReply& reply = *rows.element[row++];
      stamp = finished() ? TakeValues(reply, view, i) : TakeState(reply, view, i);
    }
    if (!stamp) return tl::unexpected<Error>(stamp.error());
    if (*stamp == Stamp{}) continue;  // no such row
    snapshot->greatest_stamp = std::max(snapshot->greatest_stamp, stamp->available_us);
    newest_ = std::max(newest_, stamp->sequence);
  }
  return {};
}

Result<Stamp> RedisReader::TakeState(const redisReply& reply, int view, size_t row) {
  if (!IsText(reply)) return Stamp{};
  SKEWLESS_ASSIGN_OR_RETURN(const Row decoded, DecodeRow(AsBytes(TextOf(reply))));
  const uint64_t fingerprint = options_.fingerprints[static_cast<size_t>(view)];
  if (decoded.state.size() < sizeof(StateHeader) ||
      LoadStateHeader(decoded.state.data()).magic != kStateMagic ||
      LoadStateHeader(decoded.state.data()).size != decoded.state.size() ||
      LoadStateHeader(decoded.state.data()).fingerprint != fingerprint)
    return NoState();
  states_[row] = decoded.state;
  return decoded.stamp;
}

Result<Stamp> RedisReader::TakeHash(const redisReply& reply, const ViewKernel& kernel, size_t row) {
  if (!IsArray(reply, 1)) return Stamp{};
  words_.clear();
  for (size_t i = 0; i < reply.elements; ++i) words_.push_back(TextOf(*reply.element[i]));
  SKEWLESS_RETURN_IF_ERROR(DecodeHashRow(words_, &hash_));
  if (hash_.header.fingerprint != kernel.fingerprint()) return NoState();
  if (made_.size() <= row) made_.resize(row + 1);
  if (!StateOfNumbers(kernel, hash_.header, hash_.numbers, &made_[row])) return NoState();
  states_[row] = made_[row];
  return hash_.stamp;
}

// All rows of our layout are there, or it wouldn't be open: one of another is of an entity that our
// definition's view doesn't have.
Result<Stamp> RedisReader::TakeValues(const redisReply& reply, int view, size_t row) {
  if (reply.type == REDIS_REPLY_ARRAY && reply.elements == 0) return Stamp{};
  const auto index = static_cast<size_t>(view);
  SKEWLESS_ASSIGN_OR_RETURN(
      DecodedValues decoded,
      DecodeValuesRow(options_.values[index], options_.fingerprints[index], reply));
  if (decoded.other_layout) return Stamp{};
  if (made_.size() <= row) made_.resize(row + 1);
  made_[row] = std::move(decoded.vector);
  states_[row] = made_[row];
  return decoded.stamp;
}

Result<RedisReader::Snapshot> RedisReader::TakeAnswers(std::span<const RowKey> keys) {
  states_.assign(keys.size(), ByteView());
  Snapshot snapshot;
  for (size_t q = 0; q < questions_.size(); ++q) {
    const std::span<const size_t> group =
        std::span(order_).subspan(group_begin_[q], group_begin_[q + 1] - group_begin_[q]);
    SKEWLESS_RETURN_IF_ERROR(TakeRows(answers_[q], keys, group, &snapshot));
  }
  return snapshot;
}

Result<Timestamp> RedisReader::Read(std::span<const RowKey> keys) {
  BeginRead();
  MakeQuestions(keys);
  constexpr size_t kUnbounded = std::numeric_limits<int64_t>::max();
  servers_->set_most_bytes(
      static_cast<int64_t>(keys.size() > 1 ? std::min(most_bytes(), kUnbounded) : kUnbounded));
  const int64_t begin_ns = MonotonicNanos();
  DurationUs ahead = 0;
  do {
    if (const Status asked = servers_->Ask(questions_, &answers_); !asked) {
      if (!servers_->too_large()) return tl::unexpected<Error>(asked.error());
      states_.assign(keys.size(), ByteView());
      return GiveUp();
    }
    SKEWLESS_ASSIGN_OR_RETURN(const Snapshot snapshot, TakeAnswers(keys));
    const Timestamp t = snapshot.least_time - 1;
    if (snapshot.greatest_stamp <= t) return t;
    if (questions_.size() == 1) return snapshot.greatest_stamp;
    ahead = snapshot.greatest_stamp - t;
    SleepUs(std::min(ahead, kReadAgainAfterUs));
  } while (MonotonicNanos() - begin_ns < options_.timeout_us * 1000);
  states_.assign(keys.size(), ByteView());
  return Fail(ErrorCode::kUnavailable,
              "rows on several Redis servers can't be read at one instant: a row is stamped " +
                  std::to_string(ahead) + " us ahead of another server's clock",
              "Let one time service keep all servers' clocks; or ask for fewer rows at a time.");
}

// Of each server, the slot that is opened last there: then all of its slots were.
Result<std::vector<int>> RedisReader::ClosedViews() {
  std::map<const Endpoint*, uint32_t> last;
  for (const uint32_t slot : keys_.RowSlots()) last[servers_->map().Of(slot)] = slot;
  questions_.assign(last.size(), {});
  size_t asked = 0;
  for (const auto& [server, slot] : last) {
    questions_[asked].slot = slot;
    AppendCommand({"GET", keys_.Open(slot)}, &questions_[asked++].keyed);
  }
  SKEWLESS_RETURN_IF_ERROR(servers_->Ask(questions_, &answers_));
  return ClosedAmong(static_cast<int>(layouts_.size()), [this](int view) -> Status {
    for (const Servers::Answer& answer : answers_)
      SKEWLESS_RETURN_IF_ERROR(CheckOpen(*answer.keyed, *answer.server, view));
    return {};
  });
}

}  // namespace skewless::redis

namespace skewless {

Result<std::unique_ptr<OnlineReader>> OpenRedisReader(const RedisOptions& options) {
  return redis::RedisReader::Open(options);
}

}  // namespace skewless
