// The columns that aren't filled by a message's value: its key, headers, topic or timestamp.
#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decode/csv_fields.h"
#include "decode/message_decoder.h"
#include "definition/definition.h"

namespace skewless {

// In their order; a value may be null. They live as long as the message.
using MessageHeaders = std::vector<std::pair<std::string_view, std::optional<std::string_view>>>;
void TakeHeaders(rd_kafka_message_t* message, MessageHeaders* headers);

class MetadataColumns {
 public:
  // `source` outlives it.
  explicit MetadataColumns(const SourceDefinition& source);
  bool any() const { return !kafka_.metadata.empty(); }

  // Takes those out of `messages` whose metadata don't fit their columns, with the reason to `bad`;
  // keeps the others' until Append. `raw`: the messages as they came, one for each.
  void Decode(std::span<rd_kafka_message_t* const> raw, std::vector<Message>* messages,
              std::vector<BadRecord>* bad);
  // Once the values are decoded: what Decode kept, into the last columns, but for `bad` ones, whose
  // values were. Both are in order of offset.
  void Append(std::span<const Message> messages, std::span<const BadRecord> bad, Batch* batch);

 private:
  bool DecodeOne(rd_kafka_message_t* message, BadRecord* bad);
  std::optional<std::string_view> TextOf(const KafkaMetadata& metadata,
                                         const rd_kafka_message_t& message);

  const KafkaDefinition& kafka_;
  const size_t value_columns_;
  const Schema schema_;  // of the metadata alone
  CsvFields fields_;
  const int event_timestamp_;  // among these columns; negative: it isn't
  RowBuilder rows_;
  Batch decoded_;  // a row for each message that Decode left
  // Scratch of Decode.
  MessageHeaders headers_;
  std::array<char, 24> timestamp_;
};

}  // namespace skewless
