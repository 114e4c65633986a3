// Commands out and replies in, as Redis' protocol (RESP2) has them; parsed by hiredis.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace skewless::redis {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

inline std::string_view TextOf(const redisReply& reply) { return {reply.str, reply.len}; }
inline bool IsText(const redisReply& reply) {
  return reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS;
}
inline bool IsError(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR; }
// An array of at least so many elements.
inline bool IsArray(const redisReply& reply, size_t least) {
  return reply.type == REDIS_REPLY_ARRAY && reply.elements >= least;
}

// Of a reply to SCAN its keys, as an array; null, and `cursor` as it was, where it is none.
inline const redisReply* KeysOfScan(const redisReply& reply, std::string* cursor) {
  if (!IsArray(reply, 2) || !IsText(*reply.element[0]) || !IsArray(*reply.element[1], 0))
    return nullptr;
  *cursor = TextOf(*reply.element[0]);
  return reply.element[1];
}

// A command whose words come one after the other; say first how many.
void BeginCommand(size_t words, Bytes* out);
void AppendWord(std::string_view word, Bytes* out);
// The same for a word of `size` bytes that the caller appends in between.
void BeginWord(size_t size, Bytes* out);
void EndWord(Bytes* out);
void AppendCommand(std::span<const std::string_view> words, Bytes* out);
inline void AppendCommand(std::initializer_list<std::string_view> words, Bytes* out) {
  AppendCommand(std::span(words.begin(), words.size()), out);
}

// An error that the server answered with, and whether the same command may succeed later (it is
// loading, full, failing over) or needs a person (a password, a right, a command that it lacks).
struct ServerError {
  Error error;
  bool may_retry = false;
};
ServerError ErrorOf(std::string_view text, const std::string& server);
// What TIME answers, in microseconds; an Error where it is something else.
Result<Timestamp> TimeOf(const redisReply& reply);

}  // namespace skewless::redis
