#include "definition/kafka_section.h"

#include <algorithm>
#include <charconv>

#include "definition/kafka_settings_section.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

// A topic's name as Kafka allows it.
Result<std::string> ReadTopic(const YamlNode& node, const std::string& what) {
  SKEWLESS_ASSIGN_OR_RETURN(std::string topic, ReadText(node, what, "topic: clicks"));
  const bool good = topic.size() <= 249 && topic != "." && topic != ".." &&
                    std::all_of(topic.begin(), topic.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
                    });
  if (!good) {
    return FailAt(node, what + ": '" + topic + "' can't be the name of a topic",
                  "Use letters, digits, '.', '_' and '-', at most 249 of them.");
  }
  return topic;
}

Status ReadTopics(const YamlNode& body, const std::string& what, KafkaDefinition* kafka) {
  const YamlNode* topic = body.Find("topic");
  const YamlNode* topics = body.Find("topics");
  if (topics == nullptr) {
    SKEWLESS_ASSIGN_OR_RETURN(topic, RequireKey(body, what, "topic", "topic: clicks"));
    SKEWLESS_ASSIGN_OR_RETURN(std::string one, ReadTopic(*topic, what + ", topic"));
    kafka->topics.push_back(std::move(one));
    return {};
  }
  if (topic != nullptr) {
    return FailAt(*topics, what + ": both topic and topics say what to read",
                  "Remove one of the two.");
  }
  if (topics->kind != YamlNode::Kind::kSequence || topics->items.empty()) {
    return FailAt(*topics, what + ", topics: expected a list of topics",
                  "Write, as an example, 'topics: [clicks, views]'.");
  }
  for (const auto& item : topics->items) {
    SKEWLESS_ASSIGN_OR_RETURN(std::string one, ReadTopic(*item, what + ", topics"));
    if (std::find(kafka->topics.begin(), kafka->topics.end(), one) != kafka->topics.end()) {
      return FailAt(*item, what + ", topics: '" + one + "' is named twice", "Remove one of them.");
    }
    kafka->topics.push_back(std::move(one));
  }
  return {};
}

Status ReadPartitions(const YamlNode& node, const std::string& what, KafkaDefinition* kafka) {
  if (node.kind != YamlNode::Kind::kSequence || node.items.empty()) {
    return FailAt(node, what + ", partitions: expected a list of numbers",
                  "Write, as an example, 'partitions: [0, 1]'.");
  }
  for (const auto& item : node.items) {
    SKEWLESS_ASSIGN_OR_RETURN(const int64_t partition,
                              ReadInteger(*item, what + ", partitions", 0, 1'000'000));
    const auto number = static_cast<int32_t>(partition);
    if (std::find(kafka->partitions.begin(), kafka->partitions.end(), number) !=
        kafka->partitions.end()) {
      return FailAt(*item, what + ", partitions: " + std::to_string(number) + " is named twice",
                    "Remove one of them.");
    }
    kafka->partitions.push_back(number);
  }
  return {};
}

// Whether `text` names a partition of one of the topics.
bool IsStream(const std::string& text, const std::vector<std::string>& topics) {
  const size_t slash = text.rfind('/');
  if (slash == std::string::npos) return false;
  int32_t partition = -1;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + slash + 1, end, partition);
  if (parsed.ec != std::errc() || parsed.ptr != end || partition < 0) return false;
  const std::string topic = text.substr(0, slash);
  return std::find(topics.begin(), topics.end(), topic) != topics.end() &&
         KafkaStream(topic, partition) == text;
}

// Whether a stream's partition is among those that are read; none named: all are.
bool IsRead(const std::string& stream, const std::vector<int32_t>& partitions) {
  const std::string number = stream.substr(stream.rfind('/') + 1);
  return partitions.empty() || std::any_of(partitions.begin(), partitions.end(), [&](int32_t one) {
           return std::to_string(one) == number;
         });
}

Status ReadOffsets(const YamlNode& node, const std::string& what, KafkaDefinition* kafka) {
  const std::string field = what + ", start.offsets";
  const std::string example = KafkaStream(kafka->topics[0], 0);
  if (!node.is_map() || node.entries.empty()) {
    return FailAt(node, field + ": expected a map of partitions to offsets",
                  "Write, as an example, 'offsets: {" + example + ": 1200}'.");
  }
  for (const YamlNode::Entry& entry : node.entries) {
    if (!IsStream(entry.key->text, kafka->topics)) {
      return FailAt(*entry.key, field + ": '" + entry.key->text + "' is no partition of the source",
                    "Name topic and partition, as in '" + example + "'.");
    }
    if (!IsRead(entry.key->text, kafka->partitions)) {
      return FailAt(*entry.key, field + ": '" + entry.key->text + "' is none of 'partitions'",
                    "Add it there, or remove it here.");
    }
    SKEWLESS_ASSIGN_OR_RETURN(kafka->start.offsets[entry.key->text],
                              ReadInteger(*entry.value, field, 0, INT64_MAX - 1));
  }
  return {};
}

Status ReadStart(const YamlNode& node, const std::string& what, KafkaDefinition* kafka) {
  using Kind = KafkaStart::Kind;
  const std::string field = what + ", start";
  if (!node.is_map()) {
    const std::vector<std::string> words = {"earliest", "latest"};
    SKEWLESS_ASSIGN_OR_RETURN(const size_t index, ReadWord(node, field, words));
    kafka->start.kind = index == 0 ? Kind::kEarliest : Kind::kLatest;
    return {};
  }
  SKEWLESS_RETURN_IF_ERROR(CheckMap(node, field, {"timestamp", "offsets"}));
  if (node.entries.size() != 1) {
    return FailAt(node, field + ": expected either a timestamp or offsets",
                  "Write, as an example, 'start: {timestamp: 2026-01-01T00:00:00Z}'.");
  }
  if (const YamlNode* offsets = node.Find("offsets")) {
    kafka->start.kind = Kind::kOffsets;
    return ReadOffsets(*offsets, what, kafka);
  }
  const YamlNode* time = node.Find("timestamp");
  SKEWLESS_ASSIGN_OR_RETURN(const std::string text, ReadText(*time, field + ".timestamp",
                                                             "timestamp: 2026-01-01T00:00:00Z"));
  const Result<Timestamp> parsed = ParseTimestamp(text);
  if (!parsed || *parsed < 0) {
    return FailAt(*time, field + ".timestamp: '" + text + "' is no time since 1970",
                  "Write it as in 2026-01-01T00:00:00Z.");
  }
  kafka->start.kind = Kind::kTimestamp;
  kafka->start.time_us = *parsed;
  return {};
}

}  // namespace

std::string KafkaStream(const std::string& topic, int32_t partition) {
  return topic + "/" + std::to_string(partition);
}

const std::vector<std::string>& KafkaKeys() {
  static const std::vector<std::string> keys = {
      "brokers", "topic",    "topics",       "partitions", "group",
      "start",   "settings", "settings_env", "metadata",   "on_lost_data"};
  return keys;
}

Result<KafkaDefinition> ReadKafkaKeys(const YamlNode& body, const std::string& what) {
  KafkaDefinition kafka;
  SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* brokers,
                            RequireKey(body, what, "brokers", "brokers: localhost:9092"));
  SKEWLESS_ASSIGN_OR_RETURN(kafka.brokers,
                            ReadText(*brokers, what + ", brokers", "brokers: localhost:9092"));
  SKEWLESS_RETURN_IF_ERROR(ReadTopics(body, what, &kafka));
  const YamlNode* partitions = body.Find("partitions");
  if (partitions != nullptr) SKEWLESS_RETURN_IF_ERROR(ReadPartitions(*partitions, what, &kafka));
  if (const YamlNode* group = body.Find("group")) {
    if (partitions != nullptr) {
      return FailAt(*group, what + ": a group deals the partitions out itself",
                    "Remove 'group' or 'partitions'.");
    }
    SKEWLESS_ASSIGN_OR_RETURN(kafka.group, ReadText(*group, what + ", group", "group: features"));
  }
  if (const YamlNode* start = body.Find("start")) {
    SKEWLESS_RETURN_IF_ERROR(ReadStart(*start, what, &kafka));
  }
  SKEWLESS_RETURN_IF_ERROR(
      ReadKafkaSettings(body, what, {&kafka.settings, &kafka.settings_env, &kafka.setting_places}));
  if (const YamlNode* lost = body.Find("on_lost_data")) {
    SKEWLESS_ASSIGN_OR_RETURN(const size_t index,
                              ReadWord(*lost, what + ", on_lost_data", {"stop", "continue"}));
    kafka.go_on_where_data_is_lost = index == 1;
  }
  return kafka;
}

Result<DeadLetterTopic> ReadDeadLetterTopic(const YamlNode& node, const std::string& what,
                                            const KafkaDefinition* source) {
  const std::string field = what + ", dead_letters";
  SKEWLESS_RETURN_IF_ERROR(CheckMap(node, field, {"topic", "brokers", "settings", "settings_env"}));
  DeadLetterTopic letters;
  SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* topic,
                            RequireKey(node, field, "topic", "topic: clicks-dead"));
  SKEWLESS_ASSIGN_OR_RETURN(letters.topic, ReadTopic(*topic, field + ".topic"));
  if (source != nullptr && std::find(source->topics.begin(), source->topics.end(), letters.topic) !=
                               source->topics.end()) {
    return FailAt(*topic, field + ": '" + letters.topic + "' is a topic that the source reads",
                  "Use a topic of its own.");
  }
  const YamlNode* brokers = node.Find("brokers");
  if (brokers == nullptr && source != nullptr) {
    letters.brokers = source->brokers;
    letters.settings = source->settings;
    letters.settings_env = source->settings_env;
    letters.setting_places = source->setting_places;
  } else {
    SKEWLESS_ASSIGN_OR_RETURN(brokers,
                              RequireKey(node, field, "brokers", "brokers: localhost:9092"));
    SKEWLESS_ASSIGN_OR_RETURN(letters.brokers,
                              ReadText(*brokers, field + ".brokers", "brokers: localhost:9092"));
  }
  SKEWLESS_RETURN_IF_ERROR(ReadKafkaSettings(
      node, field, {&letters.settings, &letters.settings_env, &letters.setting_places}));
  return letters;
}

}  // namespace skewless
