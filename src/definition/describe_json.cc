#include <nlohmann/json.hpp>

#include "definition/aggregate.h"
#include "definition/describe.h"
#include "definition/describe_words.h"

namespace skewless {
namespace {

using nlohmann::json;

template <typename T>
json OptionalNumber(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json StorageJson(const StorageDefinition& storage) {
  json out = {{"type", storage.type}};
  if (!storage.path.empty()) out["path"] = storage.path;
  for (const auto& [key, value] : storage.options) out[key] = ShownOption(key, value);
  return out;
}

json ColumnsJson(const std::vector<ColumnSpec>& columns) {
  json out = json::array();
  for (const ColumnSpec& column : columns) {
    out.push_back({{"name", column.name}, {"type", ColumnTypeText(column)}});
  }
  return out;
}

json KafkaJson(const KafkaDefinition& kafka) {
  json out = {{"brokers", kafka.brokers},
              {"topics", kafka.topics},
              {"on_lost_data", kafka.go_on_where_data_is_lost ? "continue" : "stop"}};
  if (!kafka.partitions.empty()) out["partitions"] = kafka.partitions;
  if (!kafka.group.empty()) out["group"] = kafka.group;
  return out;
}

json DeadLettersJson(const SourceDefinition& source) {
  if (!source.dead_letter_topic) return source.dead_letters;
  return {{"topic", source.dead_letter_topic->topic},
          {"brokers", source.dead_letter_topic->brokers}};
}

json SourceJson(const SourceDefinition& source) {
  const auto column = [&](int index) -> json {
    if (index < 0) return nullptr;
    return source.schema.columns[static_cast<size_t>(index)].name;
  };
  json columns = ColumnsJson(source.schema.columns);
  const size_t in_value = ValueSchemaOf(source).columns.size();
  for (size_t i = 0; i < in_value; ++i) {
    const std::vector<std::string>& field = source.schema.columns[i].field;
    if (!field.empty()) columns[i]["field"] = field;
  }
  for (size_t i = in_value; i < columns.size(); ++i) {
    columns[i]["metadata"] = MetadataText(source.kafka->metadata[i - in_value]);
  }
  return {{"name", source.name},
          {"type", SourceTypeName(source.type)},
          {"format", SourceFormatName(source.format)},
          {"paths", source.paths},
          {"options", source.options},
          {"kafka", source.kafka ? KafkaJson(*source.kafka) : json(nullptr)},
          {"columns", std::move(columns)},
          {"event_timestamp", column(source.event_timestamp)},
          {"arrival_timestamp", column(source.arrival_timestamp)},
          {"delay_us", OptionalNumber(source.delay)},
          {"follow", source.follow},
          {"out_of_orderness_us", source.out_of_orderness_us},
          {"idle_after_us", OptionalNumber(source.idle_after_us)},
          {"allowed_lateness_us", OptionalNumber(source.allowed_lateness_us)},
          {"max_ahead_us", OptionalNumber(source.max_ahead_us)},
          {"dead_letters", DeadLettersJson(source)}};
}

json FeatureJson(const FeatureDefinition& feature) {
  json out = {{"name", feature.name},
              {"type", TypeName(feature.type)},
              {"definition", feature.text},
              {"aggregate", AggregateName(feature.aggregate)},
              {"depends_on_order", DependsOnOrder(feature)},
              {"window_us", nullptr},
              {"hop_us", nullptr},
              {"tiles", nullptr}};
  if (!feature.window) return out;
  out["window_us"] = feature.window->window_us;
  out["hop_us"] = feature.window->hop_us;
  if (TilesOf(feature) > 0) out["tiles"] = TilesOf(feature);
  return out;
}

json ViewJson(const Definition& definition, const FeatureViewDefinition& view) {
  const SourceDefinition& source = definition.sources[static_cast<size_t>(view.source)];
  const EntityDefinition& entity = definition.entities[static_cast<size_t>(view.entity)];
  json keys = json::array();
  for (size_t i = 0; i < entity.keys.size(); ++i) {
    const auto column = static_cast<size_t>(view.key_columns[i]);
    keys.push_back({{"name", entity.keys[i].name},
                    {"type", ColumnTypeText(entity.keys[i])},
                    {"column", source.schema.columns[column].name}});
  }
  json features = json::array();
  for (const FeatureDefinition& feature : view.features) features.push_back(FeatureJson(feature));
  json derived = json::array();
  for (const DerivedDefinition& one : view.derived) {
    derived.push_back({{"name", one.name}, {"type", TypeName(one.type)}, {"definition", one.text}});
  }
  return {{"name", view.name},
          {"source", source.name},
          {"entity", entity.name},
          {"keys", keys},
          {"where", view.where ? json(view.where_text) : json(nullptr)},
          {"ttl_us", OptionalNumber(view.ttl_us)},
          {"write", view.write == WriteStrategy::kIncrement ? "increment" : "versioned"},
          {"features", features},
          {"derived", derived}};
}

json ServiceJson(const Definition& definition, const FeatureServiceDefinition& service) {
  json features = json::array();
  for (const FeatureReference& reference : service.features) {
    const FeatureViewDefinition& view = definition.views[static_cast<size_t>(reference.view)];
    const auto output = static_cast<size_t>(reference.output);
    features.push_back({{"view", view.name},
                        {"name", view.output_name(output)},
                        {"type", TypeName(view.output_type(output))}});
  }
  json derived = json::array();
  for (const ServiceDerived& one : service.derived) {
    derived.push_back({{"name", one.name}, {"type", TypeName(one.type)}, {"definition", one.text}});
  }
  return {{"name", service.name},
          {"features", features},
          {"request", ColumnsJson(service.request)},
          {"derived", derived}};
}

}  // namespace

json DescribeDefinitionJson(const Definition& definition) {
  json out = {{"project", definition.project},
              {"log",
               {{"path", definition.log_path},
                {"segment_bytes", definition.log_segment_bytes},
                {"shards", 1}}},
              {"online", StorageJson(definition.online)},
              {"offline", definition.offline ? StorageJson(*definition.offline) : json(nullptr)},
              {"serving", nullptr},
              {"sources", json::array()},
              {"entities", json::array()},
              {"feature_views", json::array()},
              {"feature_services", json::array()}};
  if (definition.serving) {
    out["serving"] = {{"listen", definition.serving->listen},
                      {"threads", definition.serving->threads},
                      {"served_log", definition.serving->served_log}};
  }
  for (const auto& source : definition.sources) out["sources"].push_back(SourceJson(source));
  for (const auto& entity : definition.entities) {
    out["entities"].push_back({{"name", entity.name}, {"keys", ColumnsJson(entity.keys)}});
  }
  for (const auto& view : definition.views) {
    out["feature_views"].push_back(ViewJson(definition, view));
  }
  for (const auto& service : definition.services) {
    out["feature_services"].push_back(ServiceJson(definition, service));
  }
  return out;
}

}  // namespace skewless
