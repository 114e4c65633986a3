// One call of the script that writes finished values, and what its reply says of the rows.
#include "base/check.h"
#include "online/redis/values_row.h"
#include "online/redis/write_call.h"

namespace skewless::redis {
namespace {

// Of an exception: the row that is stored, or where it was written, with which stamp.
bool TakeStored(std::string_view text, Timestamp at, RowWritten* done) {
  done->available_us = at;
  if (text.empty()) return done->outcome == RowWritten::Outcome::kWritten;
  std::vector<Stamp> stored;
  if (!ParseStampsText(text, &stored) || stored.size() != 1) return false;
  done->stored_sequence = stored[0].sequence;
  done->computed_us = stored[0].computed_us;
  return true;
}

}  // namespace

void EncodeValuesCall(const std::string& clock_key, std::span<const RowWrite> rows,
                      std::span<const std::string> keys, std::span<const ValuesView> views,
                      std::span<const uint64_t> layouts, WriteCall* call) {
  SKEWLESS_DCHECK(rows.size() == keys.size());
  Bytes words;
  size_t count = 0;
  const auto add = [&](std::string_view word) {
    AppendWord(word, &words);
    ++count;
  };
  ValuesRow row;
  for (size_t i = 0; i < rows.size(); ++i) {
    SKEWLESS_DCHECK(rows[i].writer == call->writer);
    const auto view = static_cast<size_t>(rows[i].view);
    MakeValuesRow(views[view], layouts[view], rows[i], &row);
    add(std::to_string(row.fields.size()));
    for (const std::string* text : {&row.sequence, &row.computed_us, &row.layout}) add(*text);
    for (const std::string& field : row.fields) add(field);
    call->rows.push_back({rows[i].ticket, rows[i].sequence, rows[i].computed_us});
  }
  BeginCall(ValuesScript(), keys, clock_key, count, call);
  PutRaw(call->command, words);
}

Result<WriteReply> DecodeValuesReply(const redisReply& reply, const WriteCall& call,
                                     std::vector<RowWritten>* done) {
  return DecodeReply(reply, call, TakeStored, done);
}

}  // namespace skewless::redis
