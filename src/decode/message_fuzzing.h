// What the fuzzers of message formats share: a message's row must not depend on those beside it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "decode/message_decoder.h"
#include "decode/text_input.h"
#include "model/value.h"

namespace skewless {

// Messages from any bytes: two bytes of length before each, the last as long as there are bytes.
inline std::vector<Message> CutMessages(std::span<const uint8_t> bytes) {
  std::vector<Message> messages;
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (rest.size() >= 2) {
    const size_t size = static_cast<unsigned char>(rest[0]) +
                        (static_cast<size_t>(static_cast<unsigned char>(rest[1])) << 8);
    rest.remove_prefix(2);
    messages.push_back({rest.substr(0, size), static_cast<int64_t>(messages.size())});
    rest.remove_prefix(messages.back().payload.size());
  }
  return messages;
}

inline std::string MessagesText(MessageDecoder& decoder, const Schema& schema,
                                std::span<const Message> messages) {
  Batch batch;
  std::vector<BadRecord> bad;
  batch.Reset(&schema, 0);
  SKEWLESS_CHECK(decoder.Decode(messages, &batch, &bad).has_value());
  const size_t rows = batch.columns[0].size();
  SKEWLESS_CHECK(rows + bad.size() == messages.size());
  std::string text;
  for (const Column& column : batch.columns) SKEWLESS_CHECK(column.size() == rows);
  for (size_t row = 0; row < rows; ++row) {
    for (const Column& column : batch.columns) text += FormatValue(ValueAt(column, row)) + "|";
  }
  for (const BadRecord& record : bad) {
    SKEWLESS_CHECK(!record.reason.empty() && record.text.size() <= kMaxKeptBytes);
    text += std::to_string(record.record) + record.reason;
  }
  return text;
}

// All at once, and each by itself: the same rows, and the same messages are bad.
inline void CheckMessages(MessageDecoder& decoder, const Schema& schema,
                          std::span<const Message> messages) {
  std::string rows, bad;
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string one = MessagesText(decoder, schema, messages.subspan(i, 1));
    (one.ends_with("|") ? rows : bad) += one;
  }
  SKEWLESS_CHECK(MessagesText(decoder, schema, messages) == rows + bad);
}

}  // namespace skewless
