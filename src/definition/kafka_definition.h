// What a source says of Kafka.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/source_text.h"
#include "base/time.h"
#include "model/schema.h"

namespace skewless {

// librdkafka's own, by name.
using KafkaSettings = std::map<std::string, std::string>;
// Where each of them is written.
using KafkaSettingPlaces = std::map<std::string, Place>;

// Where a partition begins that the log has no position of.
struct KafkaStart {
  enum class Kind { kEarliest, kLatest, kTimestamp, kOffsets };
  Kind kind = Kind::kEarliest;
  Timestamp time_us = 0;                   // kTimestamp: the first message of that time or later
  std::map<std::string, int64_t> offsets;  // kOffsets: by "topic/partition"; others: the earliest
};

// What a message carries beside its value.
struct KafkaMetadata {
  enum class Part { kKey, kHeader, kTopic, kTimestamp };
  Part part = Part::kKey;
  std::string header;  // its name
};

std::string MetadataText(const KafkaMetadata& metadata);  // "key", "header tenant-id"

struct KafkaDefinition {
  std::string brokers;
  std::vector<std::string> topics;
  std::vector<int32_t> partitions;  // of each topic; empty: all, new ones included
  std::string group;                // a member of this group, which deals the partitions out
  KafkaStart start;
  KafkaSettings settings;
  KafkaSettings settings_env;         // by name, the environment variable that holds the value
  KafkaSettingPlaces setting_places;  // of both
  bool go_on_where_data_is_lost = false;
  // What fills the source's last columns, in their order, and the columns before them. Both empty:
  // all columns are filled by the messages' values.
  std::vector<KafkaMetadata> metadata;
  Schema value_schema;
};

// The topic that a source's unreadable records go to.
struct DeadLetterTopic {
  std::string topic;
  std::string brokers;
  KafkaSettings settings;
  KafkaSettings settings_env;  // as above
  KafkaSettingPlaces setting_places;
};

// "clicks/3": a partition as positions, dead letters and definitions name it.
std::string KafkaStream(const std::string& topic, int32_t partition);

}  // namespace skewless
