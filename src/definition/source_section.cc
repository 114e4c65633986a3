#include <algorithm>

#include "definition/fields_section.h"
#include "definition/kafka_section.h"
#include "definition/metadata_section.h"
#include "definition/schema_section.h"
#include "definition/sections.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

const std::vector<std::string> kFormatWords = {"json", "csv", "parquet", "avro", "protobuf"};
const std::vector<std::string> kCommonKeys = {"type",
                                              "format",
                                              "columns",
                                              "fields",
                                              "event_timestamp",
                                              "out_of_orderness",
                                              "idle_after",
                                              "allowed_lateness",
                                              "max_ahead",
                                              "dead_letters",
                                              "delay"};
const std::vector<std::string> kFileKeys = {"path", "arrival_timestamp", "csv", "compression",
                                            "follow"};

bool Has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class SourceReader {
 public:
  SourceReader(const YamlNode& name, const YamlNode& body, const Definition& definition)
      : name_(name), body_(body), definition_(definition) {}

  Result<SourceDefinition> Read() {
    SKEWLESS_ASSIGN_OR_RETURN(source_.name, ReadName(name_, "source"));
    source_.place = PlaceOf(name_);
    what_ = "source '" + source_.name + "'";
    SKEWLESS_RETURN_IF_ERROR(ReadKind());
    SKEWLESS_RETURN_IF_ERROR(source_.type == SourceType::kFile ? ReadFileKeys() : ReadKafka());
    SKEWLESS_RETURN_IF_ERROR(ReadSchemaKeys(body_, what_, &source_));
    SKEWLESS_RETURN_IF_ERROR(ReadColumns());
    SKEWLESS_RETURN_IF_ERROR(ReadTimes());
    SKEWLESS_RETURN_IF_ERROR(ReadFollow());
    SKEWLESS_RETURN_IF_ERROR(ReadDeadLetters());
    return std::move(source_);
  }

 private:
  Result<const YamlNode*> Require(std::string_view key, std::string_view example) const {
    return RequireKey(body_, what_, key, example);
  }
  std::string Field(std::string_view key) const { return what_ + ", " + std::string(key); }

  Status ReadKind() {
    std::vector<std::string> known = kCommonKeys;
    for (const auto* keys : {&kFileKeys, &KafkaKeys(), &SchemaKeys()}) {
      known.insert(known.end(), keys->begin(), keys->end());
    }
    SKEWLESS_RETURN_IF_ERROR(CheckMap(body_, what_, known));
    SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* type, Require("type", "type: file"));
    SKEWLESS_ASSIGN_OR_RETURN(const size_t type_index,
                              ReadWord(*type, Field("type"), {"file", "kafka"}));
    source_.type = type_index == 0 ? SourceType::kFile : SourceType::kKafka;
    SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* format, Require("format", "format: json"));
    SKEWLESS_ASSIGN_OR_RETURN(const size_t format_index,
                              ReadWord(*format, Field("format"), kFormatWords));
    source_.format = static_cast<SourceFormat>(format_index);
    if (source_.type == SourceType::kKafka && source_.format == SourceFormat::kParquet) {
      return FailAt(*format, what_ + ": a message of a topic can't be a Parquet file",
                    "Use json, csv, avro or protobuf.");
    }
    return CheckKeysOfKind();
  }

  // Keys that exist but not for this type or format.
  Status CheckKeysOfKind() const {
    const bool is_file = source_.type == SourceType::kFile;
    const bool has_schema =
        source_.format == SourceFormat::kAvro || source_.format == SourceFormat::kProtobuf;
    for (const YamlNode::Entry& entry : body_.entries) {
      const std::string& key = entry.key->text;
      if (Has(is_file ? KafkaKeys() : kFileKeys, key) && !(key == "csv" && !is_file)) {
        return FailAt(
            *entry.key,
            what_ + ": key '" + key + "' belongs to " + (is_file ? "kafka" : "file") + " sources",
            is_file ? "Remove it, or set type: kafka." : "Remove it, or set type: file.");
      }
      if (key == "csv" && source_.format != SourceFormat::kCsv) {
        return FailAt(*entry.key, what_ + ": key 'csv' belongs to format csv",
                      "Remove it, or set format: csv.");
      }
      if (key == "framing" && source_.format == SourceFormat::kJson) {
        if (!is_file) continue;
        return FailAt(*entry.key, what_ + ": only messages have a schema registry's frame",
                      "Remove 'framing'.");
      }
      if (Has(SchemaKeys(), key) && !has_schema) {
        return FailAt(*entry.key,
                      what_ + ": key '" + key + "' belongs to formats " +
                          (key == "framing" ? "json, " : "") + "avro and protobuf",
                      "Remove it: columns say it all.");
      }
    }
    return {};
  }

  Status ReadFileKeys() {
    SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* path, Require("path", "path: data/clicks.csv"));
    SKEWLESS_RETURN_IF_ERROR(ReadPaths(*path));
    if (const YamlNode* csv = body_.Find("csv")) SKEWLESS_RETURN_IF_ERROR(ReadCsv(*csv));
    const YamlNode* compression = body_.Find("compression");
    if (compression == nullptr) return {};
    if (source_.format == SourceFormat::kParquet || source_.format == SourceFormat::kAvro) {
      const std::string file = source_.format == SourceFormat::kAvro ? "an Avro" : "a Parquet";
      return FailAt(*compression, what_ + ": " + file + " file says itself how it is compressed",
                    "Remove 'compression'.");
    }
    const std::vector<std::string> words = {"none", "gzip", "zstd"};
    SKEWLESS_ASSIGN_OR_RETURN(const size_t index,
                              ReadWord(*compression, Field("compression"), words));
    source_.options["compression"] = words[index];
    return {};
  }

  Status ReadPaths(const YamlNode& path) {
    if (path.kind != YamlNode::Kind::kSequence) {
      SKEWLESS_RETURN_IF_ERROR(ReadPath(path, "path: data/clicks.csv"));
    } else if (path.items.empty()) {
      return FailAt(path, what_ + ": an empty list of paths", "Name at least one file.");
    } else {
      for (const auto& item : path.items)
        SKEWLESS_RETURN_IF_ERROR(ReadPath(*item, "path: [a.csv, b.csv]"));
    }
    source_.path = source_.paths[0];
    return {};
  }

  Status ReadPath(const YamlNode& path, const std::string& example) {
    SKEWLESS_ASSIGN_OR_RETURN(std::string one, ReadText(path, Field("path"), example));
    // glob() takes it for one asterisk: files deeper down would be missing, and nobody told.
    if (one.find("**") != std::string::npos) {
      return FailAt(path, Field("path") + ": '**' is no folders of any depth here",
                    "Name each depth in a list, as in [data/*.csv, data/*/*.csv].");
    }
    source_.paths.push_back(std::move(one));
    return {};
  }

  Status ReadCsv(const YamlNode& csv) {
    SKEWLESS_RETURN_IF_ERROR(CheckMap(csv, what_ + ", csv", {"delimiter", "null", "header"}));
    if (const YamlNode* delimiter = csv.Find("delimiter")) {
      const std::string& text = delimiter->text;
      if (!delimiter->is_scalar() || text.size() != 1 || text == "\"" || text == "\n" ||
          text == "\r") {
        return FailAt(*delimiter,
                      what_ + ": the delimiter must be one byte, and no quote or line end",
                      "Write ',' or ';' or \"\\t\".");
      }
      source_.options["delimiter"] = text;
    }
    if (const YamlNode* null_text = csv.Find("null")) {
      const bool is_text = null_text->is_scalar() || null_text->kind == YamlNode::Kind::kNull;
      if (!is_text) {
        return FailAt(*null_text, what_ + ": expected the text that stands for null",
                      "Write, as an example, 'null: \"NA\"'.");
      }
      source_.options["null_text"] = null_text->text;
    }
    if (const YamlNode* header = csv.Find("header")) {
      SKEWLESS_ASSIGN_OR_RETURN(const bool has_header, ReadBool(*header, Field("csv.header")));
      source_.options["header"] = has_header ? "true" : "false";
    }
    return {};
  }

  Status ReadKafka() {
    SKEWLESS_ASSIGN_OR_RETURN(source_.kafka, ReadKafkaKeys(body_, what_));
    const YamlNode* csv = body_.Find("csv");
    if (csv == nullptr) return {};
    SKEWLESS_RETURN_IF_ERROR(ReadCsv(*csv));
    const YamlNode* header = csv->Find("header");
    if (header == nullptr || source_.options["header"] == "false") return {};
    return FailAt(*header, what_ + ": a message has no header line",
                  "Remove it: the fields are the declared columns in their order.");
  }

  Status ReadColumns() {
    SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* columns,
                              Require("columns", "columns: {user_id: int64, ts: timestamp}"));
    SKEWLESS_RETURN_IF_ERROR(CheckNamedMap(*columns, Field("columns"), "user_id: int64"));
    if (columns->entries.empty()) {
      return FailAt(*columns, what_ + ": no columns", "Name at least the event's time and a key.");
    }
    for (const YamlNode::Entry& entry : columns->entries) {
      SKEWLESS_ASSIGN_OR_RETURN(ColumnSpec column, ReadColumn(*entry.key, *entry.value, "column"));
      source_.schema.columns.push_back(std::move(column));
      source_.column_places.push_back(PlaceOf(*entry.key));
    }
    SKEWLESS_RETURN_IF_ERROR(ReadFields(body_, what_, &source_));
    const YamlNode* metadata = body_.Find("metadata");
    return metadata == nullptr ? Status{} : ReadMetadata(*metadata, what_, &source_);
  }

  Result<int> ReadTimeColumn(const YamlNode& node, const std::string& key) const {
    const std::vector<std::string> names = NamesOf(source_.schema.columns);
    SKEWLESS_ASSIGN_OR_RETURN(const size_t index, ReadReference(node, "column", names));
    const ColumnSpec& column = source_.schema.columns[index];
    if (column.type != Type{TypeKind::kTimestamp, false}) {
      return FailAt(
          node,
          what_ + ", " + key + ": column '" + column.name + "' is " + TypeName(column.type) +
              ", no timestamp",
          "Declare it as timestamp (RFC 3339 text), or timestamp[s|ms|us|ns] (a number).");
    }
    return static_cast<int>(index);
  }

  // What a topic holds is stamped as it comes: when it arrived elsewhere doesn't matter.
  Status CheckLive() const {
    const YamlNode* delay = body_.Find("delay");
    if (source_.type != SourceType::kKafka || delay == nullptr) return {};
    return FailAt(*delay, what_ + ": messages arrive as they are read", "Remove 'delay'.");
  }

  // A store elsewhere has a clock of its own, which no history moves.
  Status CheckClock() const {
    if (definition_.online.type == "embedded") return {};
    for (const char* const key : {"arrival_timestamp", "delay"}) {
      const YamlNode* const told = body_.Find(key);
      if (told == nullptr) continue;
      return FailAt(*told,
                    what_ + ", " + key + ": the replay clock can't drive online: {type: " +
                        definition_.online.type + "}, which has a clock of its own",
                    std::string("Remove '") + key +
                        "', or play the history with online: {type: embedded, path: var/online}.");
    }
    return {};
  }

  Status ReadTimes() {
    SKEWLESS_RETURN_IF_ERROR(CheckLive());
    SKEWLESS_RETURN_IF_ERROR(CheckClock());
    SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* event,
                              Require("event_timestamp", "event_timestamp: ts"));
    SKEWLESS_ASSIGN_OR_RETURN(source_.event_timestamp, ReadTimeColumn(*event, "event_timestamp"));
    if (const YamlNode* arrival = body_.Find("arrival_timestamp")) {
      SKEWLESS_ASSIGN_OR_RETURN(source_.arrival_timestamp,
                                ReadTimeColumn(*arrival, "arrival_timestamp"));
      if (const YamlNode* delay = body_.Find("delay")) {
        return FailAt(*delay,
                      what_ + ": both arrival_timestamp and delay say when an event arrived",
                      "Remove one of the two.");
      }
    }
    SKEWLESS_RETURN_IF_ERROR(ReadOptionalDuration("delay", &source_.delay, true));
    SKEWLESS_RETURN_IF_ERROR(ReadOptionalDuration("idle_after", &source_.idle_after_us, false));
    SKEWLESS_RETURN_IF_ERROR(
        ReadOptionalDuration("allowed_lateness", &source_.allowed_lateness_us, true));
    SKEWLESS_RETURN_IF_ERROR(ReadOptionalDuration("max_ahead", &source_.max_ahead_us, true));
    if (source_.max_ahead_us && source_.delay) {
      return FailAt(*body_.Find("max_ahead"),
                    what_ + ": with a delay every event arrives after it happened, none is ahead",
                    "Remove 'max_ahead'.");
    }
    std::optional<DurationUs> disorder;
    SKEWLESS_RETURN_IF_ERROR(ReadOptionalDuration("out_of_orderness", &disorder, true));
    source_.out_of_orderness_us = disorder.value_or(0);
    return {};
  }

  // What is appended to a file can be told from what it holds only where a record is a line and
  // the bytes are the text; and it arrives by the wall clock.
  Status ReadFollow() {
    const YamlNode* follow = body_.Find("follow");
    if (follow == nullptr) return {};
    SKEWLESS_ASSIGN_OR_RETURN(source_.follow, ReadBool(*follow, Field("follow")));
    if (!source_.follow) return {};
    if (source_.format != SourceFormat::kJson) {
      return FailAt(*follow, what_ + ": only files of format json can be followed",
                    "Set format: json, or remove 'follow'.");
    }
    if (source_.tells_arrivals()) {
      return FailAt(*follow, what_ + ": events of a followed file arrive as they are read",
                    "Remove arrival_timestamp and delay, or remove 'follow'.");
    }
    const auto compression = source_.options.find("compression");
    if (compression != source_.options.end() && compression->second != "none") {
      return FailAt(*follow, what_ + ": a compressed file can't be followed",
                    "Remove 'compression', or remove 'follow'.");
    }
    return {};
  }

  Status ReadOptionalDuration(const std::string& key, std::optional<DurationUs>* out,
                              bool zero_allowed) const {
    const YamlNode* node = body_.Find(key);
    if (node == nullptr) return {};
    SKEWLESS_ASSIGN_OR_RETURN(*out, ReadDuration(*node, Field(key), zero_allowed));
    return {};
  }

  Status ReadDeadLetters() {
    source_.dead_letters = definition_.log_path + "/dead_letters/" + source_.name + ".jsonl";
    const YamlNode* node = body_.Find("dead_letters");
    if (node == nullptr) return {};
    if (node->is_map()) {
      SKEWLESS_ASSIGN_OR_RETURN(
          source_.dead_letter_topic,
          ReadDeadLetterTopic(*node, what_, source_.kafka ? &*source_.kafka : nullptr));
      source_.dead_letters.clear();
      return {};
    }
    SKEWLESS_ASSIGN_OR_RETURN(source_.dead_letters, ReadText(*node, Field("dead_letters"),
                                                             "dead_letters: var/bad.jsonl"));
    return {};
  }

  const YamlNode& name_;
  const YamlNode& body_;
  const Definition& definition_;
  SourceDefinition source_;
  std::string what_;
};

}  // namespace

Status ReadSource(const YamlNode& name, const YamlNode& body, Definition* definition) {
  SKEWLESS_ASSIGN_OR_RETURN(auto source, SourceReader(name, body, *definition).Read());
  definition->sources.push_back(std::move(source));
  return {};
}

}  // namespace skewless
