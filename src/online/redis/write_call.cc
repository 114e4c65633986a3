#include "online/redis/write_call.h"

#include <fmt/format.h>

#include "base/check.h"
#include "online/redis/increment_script.h"
#include "online/redis/redis_row.h"
#include "online/redis/rights_script.h"
#include "online/redis/values_script.h"
#include "online/redis/write_prelude.h"
#include "online/redis/write_script.h"

namespace skewless::redis {
namespace {

constexpr size_t kHeadElements = 2;  // of the reply: stamp, who claimed the clock
constexpr size_t kExceptionElements = 4;

tl::unexpected<Error> Senseless() {
  return Fail(ErrorCode::kCorrupt, "the write script's reply makes no sense");
}

// The sequence that is stored, in its eight bytes.
bool TakeStored(std::string_view bytes, Timestamp at, RowWritten* done) {
  if (bytes.size() != sizeof(Sequence)) return false;
  done->available_us = at;
  done->stored_sequence = LoadLe<Sequence>(AsBytes(bytes).data());
  return true;
}

// Four elements of the reply, about one row.
Status ApplyException(redisReply* const* parts, const WriteCall& call,
                      TakeStoredFunction take_stored, RowWritten* first, WriteReply* reply) {
  if (parts[0]->type != REDIS_REPLY_INTEGER || !IsText(*parts[1]) || !IsText(*parts[2]) ||
      parts[3]->type != REDIS_REPLY_INTEGER)
    return Senseless();
  const long long row = parts[0]->integer;
  if (row < 1 || static_cast<size_t>(row) > call.rows.size()) return Senseless();
  RowWritten& done = first[row - 1];
  const std::string_view what = TextOf(*parts[1]);
  if (what == "foreign") {
    done.outcome = RowWritten::Outcome::kFailed;
    done.stored_sequence = 0;
    done.available_us = done.computed_us = 0;
    done.error = {ErrorCode::kVersion,
                  "a row's key in Redis holds something that is no row of ours",
                  "Another program, or a newer version of this one, uses the same key_prefix and "
                  "project: give this one its own."};
    return {};
  }
  if (what == "apart" && !call.kept.empty()) {
    done.outcome = RowWritten::Outcome::kFailed;
    done.stored_sequence = 0;
    done.available_us = done.computed_us = 0;
    done.may_retry = true;
    reply->apart.push_back(static_cast<size_t>(row - 1));
    return {};
  }
  if (what == "same") {
    done.outcome = RowWritten::Outcome::kAlreadyThere;
  } else if (what == "older") {
    done.outcome = RowWritten::Outcome::kOlder;
  } else if (what == "behind") {
    done.outcome = RowWritten::Outcome::kBehind;
  } else if (what != "written") {
    return Senseless();
  }
  return take_stored(TextOf(*parts[2]), parts[3]->integer, &done) ? Status{} : Senseless();
}

// Nothing of it was written.
void RefuseCall(const WriteCall& call, int64_t holder, std::vector<RowWritten>* done) {
  if (holder > call.writer) return FailCall(call, TakenOver(call.writer, holder), false, done);
  const Error lost{ErrorCode::kUnavailable, "Redis no longer knows whose rows these are",
                   "It has lost keys: all rows are compared with the engine's own."};
  FailCall(call, lost, true, done);
}

Script WithPrelude(std::string_view body) {
  return MakeScript(std::string(kDeniedFunction) + std::string(kWritePrelude) + std::string(body));
}

}  // namespace

Error TakenOver(uint32_t writer, int64_t holder) {
  return {ErrorCode::kLocked,
          fmt::format("a newer engine has taken over the rows in Redis: it is of epoch {}, this "
                      "one of epoch {}",
                      EpochOfClaim(holder), EpochOfClaim(writer)),
          "Leave the store to the newer engine: stop this one for good. Nothing was changed."};
}

const Script& VersionedScript() {
  static const Script script = WithPrelude(kWriteScript);
  return script;
}

const Script& IncrementScript() {
  static const Script script = WithPrelude(kIncrementScript);
  return script;
}

const Script& ValuesScript() {
  static const Script script = WithPrelude(kValuesScript);
  return script;
}

void BeginCall(const Script& script, std::span<const std::string> keys,
               const std::string& clock_key, size_t words, WriteCall* call) {
  call->script = &script;
  Bytes& out = call->command;
  BeginCommand(6 + keys.size() + words, &out);
  AppendWord("EVALSHA", &out);
  AppendWord(script.name, &out);
  AppendWord(std::to_string(1 + keys.size()), &out);
  for (const std::string& key : keys) AppendWord(key, &out);
  AppendWord(clock_key, &out);
  AppendWord(std::to_string(call->writer), &out);
  AppendWord(std::to_string(std::max<Timestamp>(call->least_us, 0)), &out);
}

void EncodeCall(const std::string& clock_key, std::span<const RowWrite> rows,
                std::span<const std::string> keys, std::span<const int64_t> expire_at_ms,
                WriteCall* call) {
  SKEWLESS_DCHECK(rows.size() == keys.size());
  BeginCall(VersionedScript(), keys, clock_key, rows.size() + expire_at_ms.size(), call);
  Bytes& out = call->command;
  for (const RowWrite& row : rows) {
    SKEWLESS_DCHECK(row.writer == call->writer);
    BeginWord(EncodedRowBytes(row), &out);
    EncodeRow(row, &out);
    EndWord(&out);
    call->rows.push_back({row.ticket, row.sequence});
  }
  for (const int64_t at : expire_at_ms) AppendWord(std::to_string(at), &out);
}

Result<WriteReply> DecodeWriteReply(const redisReply& reply, const WriteCall& call,
                                    std::vector<RowWritten>* done) {
  return DecodeReply(reply, call, TakeStored, done);
}

Result<WriteReply> DecodeReply(const redisReply& reply, const WriteCall& call,
                               TakeStoredFunction take_stored, std::vector<RowWritten>* done) {
  if (!IsArray(reply, kHeadElements) ||
      (reply.elements - kHeadElements) % kExceptionElements != 0 ||
      reply.element[0]->type != REDIS_REPLY_INTEGER ||
      reply.element[1]->type != REDIS_REPLY_INTEGER)
    return Senseless();
  const Timestamp stamp_us = reply.element[0]->integer;
  if (stamp_us == 0) {
    RefuseCall(call, reply.element[1]->integer, done);
    return WriteReply{.claimed = false, .stamp_us = 0, .apart = {}};
  }
  WriteReply result{.claimed = true, .stamp_us = stamp_us, .apart = {}};
  const size_t before = done->size();
  for (const WriteCall::Row& row : call.rows) {
    RowWritten& written = done->emplace_back();
    written.ticket = row.ticket;
    written.outcome = RowWritten::Outcome::kWritten;
    written.stored_sequence = row.sequence;
    written.available_us = stamp_us;
    written.computed_us = row.computed_us;
  }
  for (size_t at = kHeadElements; at < reply.elements; at += kExceptionElements) {
    Status applied =
        ApplyException(reply.element + at, call, take_stored, done->data() + before, &result);
    if (applied) continue;
    done->resize(before);
    return tl::unexpected<Error>(applied.error());
  }
  return result;
}

void FailCall(const WriteCall& call, const Error& error, bool may_retry,
              std::vector<RowWritten>* done) {
  for (const WriteCall::Row& row : call.rows) {
    RowWritten& failed = done->emplace_back();
    failed.ticket = row.ticket;
    failed.may_retry = may_retry;
    failed.error = error;
  }
}

}  // namespace skewless::redis
