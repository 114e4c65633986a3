// One call of the write script: rows of one slot, ready to be sent, and what its reply says of
// them.
#pragma once

#include <string>

#include "online/redis/redis_keys.h"
#include "online/redis/redis_row.h"
#include "online/redis/redis_store.h"
#include "online/redis/reply.h"
#include "online/redis/script.h"

namespace skewless::redis {

const Script& VersionedScript();
const Script& IncrementScript();
const Script& ValuesScript();
inline constexpr Timestamp kNeverExpires = 0;

struct WriteCall {
  struct Row {
    uint64_t ticket = 0;
    Sequence sequence = 0;
    Timestamp computed_us = 0;
  };
  // A row that is sent as increments, for when the server has it not as they suppose.
  struct KeptRow {
    int view = 0;
    Bytes key;
    Bytes state;
    std::vector<Stamp> unlogged;
  };
  uint32_t slot = 0;       // in a cluster
  uint32_t writer = 0;     // of all its rows
  Timestamp least_us = 0;  // its stamp is no earlier
  const Script* script = nullptr;
  Bytes command;
  std::vector<Row> rows;
  std::vector<KeptRow> kept;  // of a call of increments
  int redirects = 0;
  bool asking = false;
  int64_t given_ns = 0;  // when it was handed over
};

// The first words of a call whose writer and least stamp are set: EVALSHA, the keys and what the
// prelude reads (write_prelude.h). So many `words` about the rows follow.
void BeginCall(const Script& script, std::span<const std::string> keys,
               const std::string& clock_key, size_t words, WriteCall* call);

// What such a call writes: `keys[i]` is the Redis key of `rows[i]`; `expire_at_ms` is empty where
// no row of the store expires.
void EncodeCall(const std::string& clock_key, std::span<const RowWrite> rows,
                std::span<const std::string> keys, std::span<const int64_t> expire_at_ms,
                WriteCall* call);

// The same of finished values; `layouts` and `views` by the rows' views.
void EncodeValuesCall(const std::string& clock_key, std::span<const RowWrite> rows,
                      std::span<const std::string> keys, std::span<const ValuesView> views,
                      std::span<const uint64_t> layouts, WriteCall* call);

struct WriteReply {
  bool claimed = true;     // by the call's writer; else nothing was written
  Timestamp stamp_us = 0;  // of rows written by the call: later ones are stamped later
  // Rows of the call, by number, ascending, whose increments didn't fit what the server has. They
  // count as failed.
  std::vector<size_t> apart;
};
// What is told to a writer that another one, `holder`, has taken the rows from.
Error TakenOver(uint32_t writer, int64_t holder);
// Appends one RowWritten for each of the call's rows. An Error where the reply is no reply of the
// script; nothing is appended then.
Result<WriteReply> DecodeWriteReply(const redisReply& reply, const WriteCall& call,
                                    std::vector<RowWritten>* done);
Result<WriteReply> DecodeValuesReply(const redisReply& reply, const WriteCall& call,
                                     std::vector<RowWritten>* done);
// Either, with what the third and the fourth element of an exception say of a row; false where that
// makes no sense.
using TakeStoredFunction = bool (*)(std::string_view stored, Timestamp at, RowWritten* done);
Result<WriteReply> DecodeReply(const redisReply& reply, const WriteCall& call,
                               TakeStoredFunction take_stored, std::vector<RowWritten>* done);
void FailCall(const WriteCall& call, const Error& error, bool may_retry,
              std::vector<RowWritten>* done);

}  // namespace skewless::redis
