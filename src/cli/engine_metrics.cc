#include "cli/engine_metrics.h"

#include <filesystem>

#include "cli/row_metrics.h"
#include "cli/source_metrics.h"

namespace skewless {
namespace {

void AddViewFreshness(const Definition& definition, const EngineStats& stats,
                      MetricFamilies* families) {
  auto from_event =
      LabelledFamily(MetricKind::kHistogram, "skewless_view_freshness_from_event_seconds",
                     "From an event's own time to readable, by view.");
  auto from_acceptance =
      LabelledFamily(MetricKind::kHistogram, "skewless_view_freshness_from_acceptance_seconds",
                     "From an event's acceptance to readable, by view.");
  for (size_t view = 0; view < stats.views.size(); ++view) {
    const MetricLabels labels = {{"view", definition.views[view].name}};
    AddSample(&from_event, labels, stats.views[view].from_event, LatencyRange::kAge);
    AddSample(&from_acceptance, labels, stats.views[view].from_acceptance);
  }
  families->push_back(std::move(from_event));
  families->push_back(std::move(from_acceptance));
}

void AddEventsWithoutKey(const Definition& definition, const EngineStats& stats,
                         MetricFamilies* families) {
  auto without_key =
      LabelledFamily(MetricKind::kCounter, "skewless_view_events_without_key_total",
                     "Events whose key is null, by view: they are in none of its rows.");
  for (size_t view = 0; view < stats.events_without_key.size(); ++view) {
    AddSample(&without_key, {{"view", definition.views[view].name}},
              static_cast<double>(stats.events_without_key[view].load()));
  }
  families->push_back(std::move(without_key));
}

void AddColumnNulls(const Definition& definition, const EngineStats& stats,
                    MetricFamilies* families) {
  auto events = LabelledFamily(MetricKind::kCounter, "skewless_source_events_total",
                               "Events made durable in the log, by source.");
  auto nulls = LabelledFamily(MetricKind::kCounter, "skewless_source_column_nulls_total",
                              "Of them, those with null in a column that a view looks at.");
  for (size_t source = 0; source < stats.source_events.size(); ++source) {
    AddSample(&events, {{"source", definition.sources[source].name}},
              static_cast<double>(stats.source_events[source].load()));
  }
  for (const ColumnNulls& counted : stats.columns) {
    const SourceDefinition& source = definition.sources[static_cast<size_t>(counted.source)];
    const std::string& column = source.schema.columns[static_cast<size_t>(counted.column)].name;
    AddSample(&nulls, {{"source", source.name}, {"column", column}},
              static_cast<double>(counted.nulls.load()));
  }
  families->push_back(std::move(events));
  if (!stats.columns.empty()) families->push_back(std::move(nulls));
}

void AddLogDisk(const Definition& definition, MetricFamilies* families) {
  std::error_code failed;
  const auto space = std::filesystem::space(definition.ResolvePath(definition.log_path), failed);
  if (failed) return;
  families->push_back(GaugeFamily("skewless_log_disk_free_bytes",
                                  "Free on the disk of the log, for who isn't root.",
                                  static_cast<double>(space.available)));
}

}  // namespace

MetricFamilies EngineMetrics(const Definition& definition, const Engine& engine) {
  const EngineStats& stats = engine.stats();
  MetricFamilies families;
  const auto counter = [&families](const char* name, const char* help, int64_t value) {
    families.push_back(CounterFamily(name, help, static_cast<double>(value)));
  };
  counter("skewless_events_accepted_total", "Events made durable in the log.", stats.accepted);
  counter("skewless_events_refused_late_total", "Of them, refused as too late.",
          stats.refused_late);
  counter("skewless_events_refused_ahead_total",
          "Of those accepted, refused as too far ahead of the clock.", stats.refused_ahead);
  counter("skewless_dead_letters_total", "Records that could not be read.",
          engine.progress().dead_letters);
  counter("skewless_recovered_events_total", "Events folded again from the log at the start.",
          stats.recovered_records);
  counter("skewless_log_bytes_total", "Bytes written to the log.", stats.log_bytes);
  counter("skewless_log_batches_total", "Batches written to the log.", stats.batches);
  counter("skewless_offline_rows_total", "Rows committed to the offline tables.",
          stats.offline_rows);
  counter("skewless_offline_merged_rows_total",
          "Rows of the offline tables written again, in larger files.", stats.offline_merged_rows);
  families.push_back(GaugeFamily("skewless_offline_files",
                                 "Files that the offline tables consist of.",
                                 static_cast<double>(stats.offline_files)));
  counter("skewless_evaluation_overflows_total", "Values null by overflow.",
          stats.evaluation_overflows);
  counter("skewless_evaluation_divisions_by_zero_total", "Values null by a division by zero.",
          stats.evaluation_divisions_by_zero);
  counter("skewless_evaluation_domain_errors_total",
          "Values null by a failed cast or a function's domain.", stats.evaluation_domain_errors);
  if (const Timestamp watermark = stats.watermark_us; watermark > kMinTimestamp) {
    families.push_back(GaugeFamily("skewless_watermark_seconds",
                                   "The least watermark of the sources, since 1970.",
                                   static_cast<double>(watermark) / 1e6));
  }
  families.push_back(HistogramFamily("skewless_freshness_seconds",
                                     "From an event's leaving the decoder to readable.",
                                     stats.freshness));
  families.push_back(HistogramFamily("skewless_log_sync_seconds", "One group commit's fdatasync.",
                                     stats.log_sync));
  AddLogDisk(definition, &families);
  AddViewFreshness(definition, stats, &families);
  AddEventsWithoutKey(definition, stats, &families);
  AddColumnNulls(definition, stats, &families);
  AddSourceMetrics(definition, engine, &families);
  AddRowMetrics(engine, &families);
  return families;
}

}  // namespace skewless
