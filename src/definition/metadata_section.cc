#include "definition/metadata_section.h"

#include <algorithm>

#include "definition/sections.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

using Part = KafkaMetadata::Part;

constexpr char kExample[] = "tenant: {header: tenant-id}";

Result<KafkaMetadata> ReadPart(const YamlNode& node, const std::string& field) {
  if (node.is_map()) {
    SKEWLESS_RETURN_IF_ERROR(CheckMap(node, field, {"header"}));
    SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* header,
                              RequireKey(node, field, "header", "header: tenant-id"));
    SKEWLESS_ASSIGN_OR_RETURN(std::string name,
                              ReadText(*header, field + ".header", "header: tenant-id"));
    return KafkaMetadata{Part::kHeader, std::move(name)};
  }
  const std::vector<std::string> words = {"key", "topic", "timestamp"};
  constexpr Part kParts[] = {Part::kKey, Part::kTopic, Part::kTimestamp};
  SKEWLESS_ASSIGN_OR_RETURN(const size_t index, ReadWord(node, field, words));
  return KafkaMetadata{kParts[index], ""};
}

// A key and a header are text, which becomes what the column is; the other two have a type.
Status CheckType(const YamlNode& node, const std::string& field, const KafkaMetadata& metadata,
                 const ColumnSpec& column) {
  const bool is_topic = metadata.part == Part::kTopic;
  if (!is_topic && metadata.part != Part::kTimestamp) return {};
  const TypeKind kind = is_topic ? TypeKind::kString : TypeKind::kTimestamp;
  if (column.type == Type{kind, false}) return {};
  const std::string name = TypeName({kind, false});
  return FailAt(node,
                field + ": column '" + column.name + "' is " + TypeName(column.type) +
                    ", and a message's " + (is_topic ? "topic" : "timestamp") + " is a " + name,
                "Declare it as " + name + ".");
}

}  // namespace

Status ReadMetadata(const YamlNode& node, const std::string& what, SourceDefinition* source) {
  const std::string field = what + ", metadata";
  SKEWLESS_RETURN_IF_ERROR(CheckNamedMap(node, field, kExample));
  const std::vector<ColumnSpec> columns = source->schema.columns;
  const std::vector<Place> places = source->column_places;
  std::vector<size_t> named;
  for (const YamlNode::Entry& entry : node.entries) {
    SKEWLESS_ASSIGN_OR_RETURN(const size_t column,
                              ReadReference(*entry.key, "column", NamesOf(columns)));
    SKEWLESS_ASSIGN_OR_RETURN(KafkaMetadata metadata,
                              ReadPart(*entry.value, field + ", " + entry.key->text));
    SKEWLESS_RETURN_IF_ERROR(CheckType(*entry.value, field, metadata, columns[column]));
    source->kafka->metadata.push_back(std::move(metadata));
    named.push_back(column);
  }
  if (named.size() == columns.size()) {
    return FailAt(node, field + ": no column is left for the messages' values",
                  "Leave at least one column out.");
  }
  std::vector<size_t> order;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (std::ranges::find(named, i) == named.end()) order.push_back(i);
  }
  const size_t value_columns = order.size();
  order.insert(order.end(), named.begin(), named.end());
  for (size_t i = 0; i < order.size(); ++i) {
    source->schema.columns[i] = columns[order[i]];
    source->column_places[i] = places[order[i]];
  }
  source->kafka->value_schema.columns.assign(
      source->schema.columns.begin(),
      source->schema.columns.begin() + static_cast<std::ptrdiff_t>(value_columns));
  return {};
}

std::string MetadataText(const KafkaMetadata& metadata) {
  switch (metadata.part) {
    case Part::kKey:
      return "key";
    case Part::kTopic:
      return "topic";
    case Part::kTimestamp:
      return "timestamp";
    case Part::kHeader:
      break;
  }
  return "header " + metadata.header;
}

const Schema& ValueSchemaOf(const SourceDefinition& source) {
  const bool is_less = source.kafka && !source.kafka->metadata.empty();
  return is_less ? source.kafka->value_schema : source.schema;
}

}  // namespace skewless
