// The feature repository after parsing, checking and planning: what every other room works from.
// Everything in here is resolved and typed; names have become indices, text has become programs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/source_text.h"
#include "base/time.h"
#include "definition/kafka_definition.h"
#include "expression/expression.h"
#include "model/schema.h"

namespace skewless {

enum class SourceType { kFile, kKafka };
enum class SourceFormat { kJson, kCsv, kParquet, kAvro, kProtobuf };

struct SourceDefinition {
  std::string name;
  Place place;
  SourceType type = SourceType::kFile;
  SourceFormat format = SourceFormat::kJson;
  // File sources: files or globs, relative to the repository. `path` is the first of `paths`.
  std::string path;
  std::vector<std::string> paths;
  // csv: delimiter (one byte), null_text, header ("true" or "false"); files: compression ("none",
  // "gzip" or "zstd", where the user insists); avro and protobuf: schema, schema_registry and its
  // certificates, message, framing (json, too). Only what the user wrote is in here.
  std::map<std::string, std::string> options;
  std::string registry_user;             // "name:password", where schema_registry says it
  std::optional<KafkaDefinition> kafka;  // of a kafka source
  Schema schema;
  // For errors that only a look into the schema finds: of `schema`'s columns, where `fields` says
  // what they are or else where they are declared, and of keys.
  std::vector<Place> column_places;
  Place schema_place;
  Place message_place;
  int event_timestamp = -1;         // column
  int arrival_timestamp = -1;       // column, or -1: no replay clock
  std::optional<DurationUs> delay;  // instead of arrivals: available = event + delay (backfills)
  bool follow = false;              // files: what is appended while the engine runs is read
  DurationUs out_of_orderness_us = 0;
  std::optional<DurationUs> idle_after_us;
  // Refused (applied = false): behind the watermark by more; ahead of when it came by more.
  std::optional<DurationUs> allowed_lateness_us, max_ahead_us;
  std::string dead_letters;  // file; <log path>/dead_letters/<source>.jsonl unless the user says
  std::optional<DeadLetterTopic> dead_letter_topic;  // instead of the file

  // When its records arrived is known: a replay clock can drive it.
  bool tells_arrivals() const { return arrival_timestamp >= 0 || delay.has_value(); }
};
// Of the source's schema, the columns that a record itself fills: all, or those before what comes
// beside a message's value.
const Schema& ValueSchemaOf(const SourceDefinition& source);

struct EntityDefinition {
  std::string name;
  Place place;
  std::vector<ColumnSpec> keys;
};

enum class AggregateKind {
  kCount,
  kSum,
  kAvg,
  kMin,
  kMax,
  kVarPop,
  kVarSamp,
  kStddevPop,
  kStddevSamp,
  kFirst,
  kLast,
  kBoolAnd,
  kBoolOr,
  kMinBy,
  kMaxBy,
  kLastN,
  kFirstN,
  kSumDecayed,
  kCountBy,
  kTimeSinceLast,
};

struct WindowSpec {
  DurationUs window_us = 0;
  DurationUs hop_us = 0;  // 1 for exact
};

// A feature of a view: `aggregate [filter (where ...)] [over W [hop H | exact]]`.
struct FeatureDefinition {
  std::string name;
  Place place;
  std::string text;
  AggregateKind aggregate = AggregateKind::kCount;
  std::unique_ptr<Ast> argument;        // null for count(*)
  std::unique_ptr<Ast> order_argument;  // min_by(x, y), max_by(x, y): the y
  DurationUs half_life_us = 0;          // sum_decayed(x, half_life)
  int64_t list_size = 0;                // last(x, n), first(x, n)
  bool respect_nulls = false;           // last(x) respect nulls, first(x) respect nulls
  std::unique_ptr<Ast> filter;
  std::optional<WindowSpec> window;  // none: all time
  Type argument_type;
  Type type;  // of the feature
  // Compiled over the source's schema (the scope is the schema's columns in order).
  std::shared_ptr<const Program> argument_program;  // null for count(*)
  std::shared_ptr<const Program> order_program;
  std::shared_ptr<const Program> filter_program;
};

// Derived from the view's features; sees features and earlier derived ones of the same view.
// Scope: the view's features in order, then its derived ones before this.
struct DerivedDefinition {
  std::string name;
  Place place;
  std::string text;
  std::unique_ptr<Ast> ast;
  Type type;
  std::shared_ptr<const Program> program;
};

// How a view's rows come into a store elsewhere that knows several ways.
enum class WriteStrategy {
  kVersioned,  // whole, in place of an older one
  kIncrement,  // by what was added since
};

struct FeatureViewDefinition {
  std::string name;
  Place place;
  int source = -1;
  int entity = -1;
  std::vector<int> key_columns;  // of the source's schema, in the entity's key order
  std::string where_text;
  std::unique_ptr<Ast> where;
  std::shared_ptr<const Program> where_program;
  std::optional<DurationUs> ttl_us;
  WriteStrategy write = WriteStrategy::kVersioned;
  // With online.expire: so long after its newest event an entity is one that was never seen.
  std::optional<DurationUs> expire_after_us;
  std::vector<FeatureDefinition> features;
  std::vector<DerivedDefinition> derived;
  // Names of all outputs: features, then derived.
  int FindOutput(std::string_view name) const;
  size_t output_count() const { return features.size() + derived.size(); }
  const std::string& output_name(size_t i) const;
  Type output_type(size_t i) const;
  // Sets those of its source's columns to 1 that its expressions look at; keys are none of them.
  void MarkInputs(std::vector<uint8_t>* columns) const;
};

// One output of a view, as a service or a request names it: "item_stats:views_1h".
struct FeatureReference {
  int view = -1;
  int output = -1;
};

struct ServiceDerived {
  std::string name;
  Place place;
  std::string text;
  std::unique_ptr<Ast> ast;
  Type type;
  std::shared_ptr<const Program> program;  // scope: `FeatureService::scope`
};

struct FeatureServiceDefinition {
  std::string name;
  Place place;
  std::vector<FeatureReference> features;  // in order, views expanded to all of their outputs
  std::vector<ColumnSpec> request;         // columns that come with the request
  std::vector<ServiceDerived> derived;
  // The scope of derived: request columns; then every output of every view that the service names
  // (its index views ascending), each twice: "view:output" and, where no two share it, "output";
  // then earlier derived. `scope_reference[i]` tells what scope column i is.
  struct ScopeEntry {
    enum Kind { kRequest, kFeature, kDerived } kind;
    int index;
    FeatureReference feature;
  };
  Scope scope;
  std::vector<ScopeEntry> scope_entries;
};

struct StorageDefinition {
  std::string type;  // embedded | redis | ...; parquet | iceberg
  std::string path;  // absolute or relative to the repository
  std::map<std::string, std::string> options;
  // Rows of the online store are finished values, not states.
  bool keeps_values() const {
    const auto form = options.find("form");
    return form != options.end() && form->second == "values";
  }
};

struct ServingDefinition {
  std::string listen = "127.0.0.1:6566";
  int threads = 1;
  std::string served_log;  // folder of served vectors for audit; "" = not logged
};

struct Definition {
  std::string project;
  std::string root;  // the repository's folder; relative paths are relative to it
  std::string log_path;
  int64_t log_segment_bytes = 256 << 20;
  StorageDefinition online;
  std::optional<StorageDefinition> offline;
  std::optional<ServingDefinition> serving;
  std::vector<SourceDefinition> sources;
  std::vector<EntityDefinition> entities;
  std::vector<FeatureViewDefinition> views;
  std::vector<FeatureServiceDefinition> services;

  int FindSource(std::string_view name) const;
  int FindEntity(std::string_view name) const;
  int FindView(std::string_view name) const;
  int FindService(std::string_view name) const;
  // Where sorting and joining put what doesn't fit in memory; scratch of one process.
  std::string SpillDirectory() const { return ResolvePath(log_path + "/spill"); }
  std::string ResolvePath(const std::string& path) const;  // against root
};

// Reads `directory`/skewless.yaml and features/*.yaml. The first error is returned, shown as a
// compiler shows it: file, line, column, the line with a caret, the remedy.
Result<std::unique_ptr<Definition>> LoadDefinition(const std::string& directory);
// The same from text, for tests and the C ABI. `file` is the name shown in errors.
Result<std::unique_ptr<Definition>> ParseDefinition(const std::string& text,
                                                    const std::string& file,
                                                    const std::string& root);

// "view:feature", "view" (all its outputs) or a service's name, as `join --features`, `get` and a
// request list them. The nearest names are offered on an error.
Result<std::vector<FeatureReference>> ResolveFeatures(const Definition& definition,
                                                      const std::vector<std::string>& names);

// Aggregates whose result depends on the order of folding (float sums and what rests on them;
// least and greatest floats, where 0.0 and -0.0 tie).
bool DependsOnOrder(const FeatureDefinition& feature);
// Aggregates that `write: increment` takes: counts, and sums, least and greatest of integers. Their
// parts come out the same however they are brought together.
bool CanIncrement(const FeatureDefinition& feature);
// Features that another instant gives another value, with no event and no window's edge between.
bool ChangesAtEveryInstant(const FeatureDefinition& feature);
std::string_view AggregateName(AggregateKind kind);

}  // namespace skewless
