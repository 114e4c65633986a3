#include "source/kafka/metadata_columns.h"

#include <charconv>

#include "base/check.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

using Part = KafkaMetadata::Part;

Schema MetadataSchema(const SourceDefinition& source) {
  const auto& metadata = source.kafka->metadata;
  Schema schema;
  schema.columns.assign(source.schema.columns.end() - static_cast<std::ptrdiff_t>(metadata.size()),
                        source.schema.columns.end());
  for (size_t i = 0; i < metadata.size(); ++i) {
    // However the column is declared, a message has it as milliseconds.
    if (metadata[i].part == Part::kTimestamp) schema.columns[i].unit = TimestampUnit::kMillis;
  }
  return schema;
}

// Negative where a message's value has it.
int EventTimestampOf(const SourceDefinition& source, size_t value_columns) {
  return source.event_timestamp - static_cast<int>(value_columns);
}

std::vector<RequiredColumn> RequiredOf(int event_timestamp) {
  if (event_timestamp < 0) return {};
  return {{event_timestamp, "event_timestamp"}};
}

RecordPart PartOf(const KafkaMetadata& metadata) {
  return metadata.part == Part::kKey ? RecordPart::kKey : RecordPart::kHeader;
}

void AppendValue(const Column& from, size_t row, StringArena* strings, Column* to) {
  if (from.valid[row] == 0) return to->AppendNull();
  switch (from.physical()) {
    case Physical::kInt:
      return to->AppendInt(from.ints[row]);
    case Physical::kDouble:
      return to->AppendDouble(from.doubles[row]);
    case Physical::kBytes:
      return to->AppendString(strings->Add(from.strings[row]));
  }
}

}  // namespace

void TakeHeaders(rd_kafka_message_t* message, MessageHeaders* headers) {
  headers->clear();
  rd_kafka_headers_t* all = nullptr;
  if (rd_kafka_message_headers(message, &all) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; rd_kafka_header_get_all(all, i, &name, &value, &size) == 0; ++i) {
    headers->emplace_back(name, std::nullopt);
    if (value != nullptr) headers->back().second.emplace(static_cast<const char*>(value), size);
  }
}

MetadataColumns::MetadataColumns(const SourceDefinition& source)
    : kafka_(*source.kafka),
      value_columns_(ValueSchemaOf(source).columns.size()),
      schema_(MetadataSchema(source)),
      fields_(schema_, {}),
      event_timestamp_(EventTimestampOf(source, value_columns_)),
      rows_(schema_, RequiredOf(event_timestamp_)) {}

void MetadataColumns::Decode(std::span<rd_kafka_message_t* const> raw,
                             std::vector<Message>* messages, std::vector<BadRecord>* bad) {
  SKEWLESS_DCHECK(raw.size() == messages->size());
  decoded_.Reset(&schema_, 0);
  rows_.Begin(&decoded_, messages->size());
  size_t kept = 0;
  BadRecord one;
  for (size_t i = 0; i < raw.size(); ++i) {
    const Message& message = (*messages)[i];
    if (DecodeOne(raw[i], &one)) {
      (*messages)[kept++] = message;
    } else {
      one.record = message.offset;
      one.text = KeptPart(message.payload);
      bad->push_back(one);
    }
  }
  messages->resize(kept);
  rows_.End();
}

// Of what is bad: the reason, and the part.
bool MetadataColumns::DecodeOne(rd_kafka_message_t* message, BadRecord* bad) {
  for (const KafkaMetadata& metadata : kafka_.metadata) {
    if (metadata.part != Part::kHeader) continue;
    TakeHeaders(message, &headers_);
    break;
  }
  for (size_t i = 0; i < kafka_.metadata.size(); ++i) {
    const auto text = TextOf(kafka_.metadata[i], *message);
    if (!text || fields_.DecodeField(i, {*text}, rows_, &bad->reason)) continue;
    bad->reason = MetadataText(kafka_.metadata[i]) + ": " + bad->reason;
    bad->part = PartOf(kafka_.metadata[i]);
    rows_.Discard();
    return false;
  }
  if (rows_.Keep(&bad->reason)) return true;
  bad->part = PartOf(kafka_.metadata[static_cast<size_t>(event_timestamp_)]);  // all it asks for
  return false;
}

// Empty where the message has none. Of headers with one name the last counts, as it does to Kafka's
// own clients.
std::optional<std::string_view> MetadataColumns::TextOf(const KafkaMetadata& metadata,
                                                        const rd_kafka_message_t& message) {
  switch (metadata.part) {
    case Part::kKey:
      if (message.key == nullptr) return std::nullopt;
      return std::string_view(static_cast<const char*>(message.key), message.key_len);
    case Part::kTopic:
      return rd_kafka_topic_name(message.rkt);
    case Part::kTimestamp: {
      rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
      const int64_t millis = rd_kafka_message_timestamp(&message, &type);
      // A producer may give none in a format that has room for one: -1.
      if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || millis < 0) return std::nullopt;
      const auto end =
          std::to_chars(timestamp_.data(), timestamp_.data() + timestamp_.size(), millis);
      return std::string_view(timestamp_.data(), end.ptr);
    }
    case Part::kHeader:
      break;
  }
  for (auto header = headers_.rbegin(); header != headers_.rend(); ++header) {
    if (header->first == metadata.header) return header->second;
  }
  return std::nullopt;
}

void MetadataColumns::Append(std::span<const Message> messages, std::span<const BadRecord> bad,
                             Batch* batch) {
  size_t next_bad = 0;
  for (size_t row = 0; row < messages.size(); ++row) {
    if (next_bad < bad.size() && bad[next_bad].record == messages[row].offset) {
      ++next_bad;
      continue;
    }
    for (size_t i = 0; i < schema_.columns.size(); ++i) {
      AppendValue(decoded_.columns[i], row, &batch->strings, &batch->columns[value_columns_ + i]);
    }
  }
  SKEWLESS_CHECK(next_bad == bad.size());
}

}  // namespace skewless
