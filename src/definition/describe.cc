#include "definition/describe.h"

#include <algorithm>

#include "definition/describe_words.h"

namespace skewless {
namespace {

using Row = std::vector<std::string>;

// Narrower than this the last column of a table is left to run on.
constexpr size_t kLeastColumns = 20;

// A cell's text at `begin` of lines that have so many columns, broken at blanks.
std::string Folded(const std::string& text, size_t begin, size_t columns) {
  if (columns < begin + kLeastColumns) return text;
  const size_t width = columns - begin;
  std::string out;
  size_t at = 0;
  while (text.size() - at > width) {
    size_t blank = text.rfind(' ', at + width);
    if (blank == std::string::npos || blank <= at) blank = text.find(' ', at + width);
    if (blank == std::string::npos) break;
    out.append(text, at, blank - at).append("\n").append(begin, ' ');
    at = blank + 1;
  }
  return out.append(text, at);
}

// Lines of columns, each as wide as its widest cell, two spaces apart. The last one runs on, or is
// folded where a line has so many `columns`.
std::string Table(const std::vector<Row>& rows, size_t indent, size_t columns) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    out.append(indent, ' ');
    size_t begin = indent;
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      out.append(row[i]).append(widths[i] - row[i].size() + 2, ' ');
      begin += widths[i] + 2;
    }
    out += Folded(row.back(), begin, columns);
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
  }
  return out;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += ", ";
    out += part;
  }
  return out;
}

std::string Settings(const Definition& definition, size_t columns) {
  std::vector<Row> rows;
  rows.push_back({"project", definition.project});
  rows.push_back({"log", definition.log_path + ", 1 shard, segments of " +
                             std::to_string(definition.log_segment_bytes >> 20) + " MiB"});
  if (definition.log_segment_bytes < (1 << 20)) {
    rows.back()[1] = definition.log_path + ", 1 shard, segments of " +
                     std::to_string(definition.log_segment_bytes) + " bytes";
  }
  const auto storage = [](const StorageDefinition& one) {
    std::string text = one.type;
    if (!one.path.empty()) text += ", " + one.path;
    for (const auto& [key, value] : one.options)
      text.append(", ").append(key).append(" ").append(ShownOption(key, value));
    return text;
  };
  rows.push_back({"online", storage(definition.online)});
  rows.push_back({"offline", definition.offline ? storage(*definition.offline) : "none"});
  if (definition.serving) {
    const ServingDefinition& serving = *definition.serving;
    rows.push_back({"serving", serving.listen + ", threads: " + std::to_string(serving.threads) +
                                   (serving.served_log.empty()
                                        ? ", served vectors are not logged"
                                        : ", served vectors in " + serving.served_log)});
  } else {
    rows.push_back({"serving", "none"});
  }
  return Table(rows, 0, columns);
}

// "event ts, arrival seen_at, out of order by 5s": how a source tells time.
std::string Times(const SourceDefinition& source) {
  const auto name = [&](int column) {
    return source.schema.columns[static_cast<size_t>(column)].name;
  };
  std::vector<std::string> parts = {"event " + name(source.event_timestamp)};
  if (source.arrival_timestamp >= 0) {
    parts.push_back("arrival " + name(source.arrival_timestamp) + " (drives the replay clock)");
  }
  if (source.delay) parts.push_back("available after " + FormatDuration(*source.delay));
  if (source.out_of_orderness_us > 0) {
    parts.push_back("out of order by " + FormatDuration(source.out_of_orderness_us));
  }
  if (source.allowed_lateness_us) {
    parts.push_back("refused when later by " + FormatDuration(*source.allowed_lateness_us));
  }
  if (source.max_ahead_us) {
    parts.push_back("refused when ahead by more than " + FormatDuration(*source.max_ahead_us));
  }
  if (source.idle_after_us) parts.push_back("idle after " + FormatDuration(*source.idle_after_us));
  return Joined(parts);
}

// ", topics clicks, views, at broker:9092, as one of group features"
std::string KafkaText(const KafkaDefinition& kafka) {
  std::string text = (kafka.topics.size() == 1 ? ", topic " : ", topics ") + Joined(kafka.topics);
  if (!kafka.partitions.empty()) {
    std::vector<std::string> numbers;
    for (const int32_t partition : kafka.partitions) numbers.push_back(std::to_string(partition));
    text += ", partitions " + Joined(numbers);
  }
  text += ", at " + kafka.brokers;
  if (!kafka.group.empty()) text += ", as one of group " + kafka.group;
  return text;
}

std::string Source(const SourceDefinition& source, size_t line_columns) {
  std::string out = "\nsource " + source.name + "\n";
  std::string from(SourceTypeName(source.type));
  from.append(", ").append(SourceFormatName(source.format));
  if (!source.paths.empty()) from += ", " + Joined(source.paths);
  if (source.follow) from += ", followed";
  if (source.kafka) from += KafkaText(*source.kafka);
  std::vector<std::string> columns;
  const size_t in_value = ValueSchemaOf(source).columns.size();
  for (size_t i = 0; i < source.schema.columns.size(); ++i) {
    const ColumnSpec& column = source.schema.columns[i];
    columns.push_back(column.name + " " + ColumnTypeText(column));
    if (!column.field.empty()) columns.back() += " (field " + FieldText(column) + ")";
    if (i < in_value) continue;
    columns.back() += " (the message's " + MetadataText(source.kafka->metadata[i - in_value]) + ")";
  }
  return out + Table({{"from", from},
                      {"columns", Joined(columns)},
                      {"times", Times(source)},
                      {"dead letters", source.dead_letter_topic
                                           ? "topic " + source.dead_letter_topic->topic
                                           : source.dead_letters}},
                     2, line_columns);
}

std::string WindowText(const FeatureDefinition& feature) {
  return feature.window ? FormatDuration(feature.window->window_us) : "all time";
}
std::string HopText(const FeatureDefinition& feature) {
  if (!feature.window) return "";
  return feature.window->hop_us == 1 ? "exact" : FormatDuration(feature.window->hop_us);
}

std::string View(const Definition& definition, const FeatureViewDefinition& view, size_t columns) {
  const SourceDefinition& source = definition.sources[static_cast<size_t>(view.source)];
  const EntityDefinition& entity = definition.entities[static_cast<size_t>(view.entity)];
  std::vector<std::string> keys;
  for (size_t i = 0; i < entity.keys.size(); ++i) {
    const auto column = static_cast<size_t>(view.key_columns[i]);
    std::string key = entity.keys[i].name + " " + TypeName(entity.keys[i].type);
    const std::string& name = source.schema.columns[column].name;
    if (name != entity.keys[i].name) key += " (column " + name + ")";
    keys.push_back(std::move(key));
  }
  std::vector<Row> head = {{"entity", entity.name + ": " + Joined(keys)}, {"source", source.name}};
  if (view.where) head.push_back({"where", view.where_text});
  if (view.ttl_us) head.push_back({"ttl", FormatDuration(*view.ttl_us)});
  if (view.write == WriteStrategy::kIncrement) head.push_back({"write", "increment"});
  std::string out = "\nfeature view " + view.name + "\n" + Table(head, 2, columns);
  std::vector<Row> rows = {{"feature", "type", "window", "hop", "tiles", "definition"}};
  for (const FeatureDefinition& feature : view.features) {
    const int64_t tiles = TilesOf(feature);
    rows.push_back({feature.name, TypeName(feature.type), WindowText(feature), HopText(feature),
                    tiles == 0 ? "" : std::to_string(tiles), feature.text});
  }
  for (const DerivedDefinition& derived : view.derived) {
    rows.push_back({derived.name, TypeName(derived.type), "derived", "", "", derived.text});
  }
  return out + Table(rows, 2, columns);
}

std::string Service(const Definition& definition, const FeatureServiceDefinition& service,
                    size_t columns) {
  std::vector<Row> rows = {{"output", "type", "from"}};
  for (const ColumnSpec& column : service.request) {
    rows.push_back({column.name, ColumnTypeText(column), "request"});
  }
  for (const FeatureReference& reference : service.features) {
    const FeatureViewDefinition& view = definition.views[static_cast<size_t>(reference.view)];
    const auto output = static_cast<size_t>(reference.output);
    rows.push_back({view.output_name(output), TypeName(view.output_type(output)), view.name});
  }
  for (const ServiceDerived& derived : service.derived) {
    rows.push_back({derived.name, TypeName(derived.type), "derived: " + derived.text});
  }
  return "\nfeature service " + service.name + "\n" + Table(rows, 2, columns);
}

}  // namespace

std::string_view SourceTypeName(SourceType type) {
  return type == SourceType::kFile ? "file" : "kafka";
}

std::string_view SourceFormatName(SourceFormat format) {
  switch (format) {
    case SourceFormat::kJson:
      return "json";
    case SourceFormat::kCsv:
      return "csv";
    case SourceFormat::kParquet:
      return "parquet";
    case SourceFormat::kAvro:
      return "avro";
    case SourceFormat::kProtobuf:
      return "protobuf";
  }
  return "json";
}

std::string ColumnTypeText(const ColumnSpec& column) {
  std::string_view unit;
  switch (column.unit) {
    case TimestampUnit::kText:
      return TypeName(column.type);
    case TimestampUnit::kSeconds:
      unit = "s";
      break;
    case TimestampUnit::kMillis:
      unit = "ms";
      break;
    case TimestampUnit::kMicros:
      unit = "us";
      break;
    case TimestampUnit::kNanos:
      unit = "ns";
      break;
  }
  std::string text = "timestamp[";
  text.append(unit).append("]");
  return column.type.is_list ? text.append("[]") : text;
}

int64_t TilesOf(const FeatureDefinition& feature) {
  if (!feature.window || feature.window->hop_us == 1) return 0;
  return feature.window->window_us / feature.window->hop_us;
}

std::string DescribeDefinition(const Definition& definition, size_t columns) {
  std::string out = Settings(definition, columns);
  for (const SourceDefinition& source : definition.sources) out += Source(source, columns);
  for (const FeatureViewDefinition& view : definition.views) out += View(definition, view, columns);
  for (const FeatureServiceDefinition& service : definition.services) {
    out += Service(definition, service, columns);
  }
  return out;
}

}  // namespace skewless
