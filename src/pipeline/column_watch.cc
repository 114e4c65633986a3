#include "pipeline/column_watch.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/event_log.h"

namespace skewless {
namespace {

// A column that so many records in a row lack is none that comes now and then.
constexpr int64_t kManyRecords = 1000;

// The source's columns in its views' expressions that are not the key of any of them.
std::vector<int> ValueColumns(const Definition& definition, int source) {
  const size_t columns = definition.sources[static_cast<size_t>(source)].schema.columns.size();
  std::vector<uint8_t> looked_at(columns, 0);
  std::set<int> keys;
  for (const FeatureViewDefinition& view : definition.views) {
    if (view.source != source) continue;
    view.MarkInputs(&looked_at);
    keys.insert(view.key_columns.begin(), view.key_columns.end());
  }
  std::vector<int> found;
  for (int column = 0; std::cmp_less(column, columns); ++column) {
    if (looked_at[static_cast<size_t>(column)] != 0 && !keys.contains(column))
      found.push_back(column);
  }
  return found;
}

}  // namespace

std::string NamingDoubt(const Schema& schema, std::span<const int> columns) {
  std::string fields;
  bool lies_elsewhere = false;
  for (const int column : columns) {
    const ColumnSpec& spec = schema.columns[static_cast<size_t>(column)];
    lies_elsewhere |= !spec.field.empty();
    fields += (fields.empty() ? "'" : ", '") + FieldText(spec) + "'";
  }
  if (lies_elsewhere) return "hold it as " + fields + ", letter for letter?";
  return "name it as the column does, letter for letter? If not, say under 'fields' where it lies.";
}

ColumnWatch::ColumnWatch(const Definition& definition, EngineStats* stats)
    : definition_(definition), stats_(*stats) {
  for (int source = 0; std::cmp_less(source, definition.sources.size()); ++source) {
    stats_.source_events.emplace_back(0);
    for (const int column : ValueColumns(definition, source))
      stats_.columns.emplace_back(source, column);
  }
  settled_.resize(stats_.columns.size());
}

void ColumnWatch::Look(const Batch& batch) {
  const auto rows = static_cast<int64_t>(batch.rows());
  const int64_t events =
      stats_.source_events[batch.source].fetch_add(rows, std::memory_order_relaxed) + rows;
  for (size_t i = 0; i < settled_.size(); ++i) {
    ColumnNulls& counted = stats_.columns[i];
    if (counted.source != static_cast<int>(batch.source)) continue;
    const auto& valid = batch.columns[static_cast<size_t>(counted.column)].valid;
    const int64_t nulls = std::count(valid.begin(), valid.end(), uint8_t{0});
    counted.nulls.fetch_add(nulls, std::memory_order_relaxed);
    if (settled_[i] != 0) continue;
    if (nulls < rows) {
      settled_[i] = 1;
    } else if (events >= kManyRecords) {
      settled_[i] = 1;
      Tell(counted, events);
    }
  }
}

void ColumnWatch::Finish() {
  for (size_t i = 0; i < settled_.size(); ++i) {
    const ColumnNulls& counted = stats_.columns[i];
    const int64_t events = stats_.source_events[static_cast<size_t>(counted.source)].load();
    if (settled_[i] != 0 || events == 0) continue;
    settled_[i] = 1;
    Tell(counted, events);
  }
}

void ColumnWatch::Tell(const ColumnNulls& counted, int64_t records) const {
  const SourceDefinition& source = definition_.sources[static_cast<size_t>(counted.source)];
  const ColumnSpec& column = source.schema.columns[static_cast<size_t>(counted.column)];
  LogEvent(EventLevel::kWarning, "column is null in all records",
           {{"source", source.name},
            {"column", column.name},
            {"records", records},
            {"remedy", "Do the records " + NamingDoubt(source.schema, {&counted.column, 1})}});
}

}  // namespace skewless
