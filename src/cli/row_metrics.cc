#include "cli/row_metrics.h"

namespace skewless {

void AddRowMetrics(const Engine& engine, MetricFamilies* families) {
  if (engine.rows() == nullptr) return;
  const RowWriterStats& stats = *engine.rows();
  const auto counter = [families](const char* name, const char* help, double value) {
    families->push_back(CounterFamily(name, help, value));
  };
  const auto gauge = [families](const char* name, const char* help, int64_t value) {
    families->push_back(GaugeFamily(name, help, static_cast<double>(value)));
  };
  const auto count = [&counter](const char* name, const char* help, int64_t value) {
    counter(name, help, static_cast<double>(value));
  };
  gauge("skewless_online_up", "1 while the store takes rows, 0 while it is away or refuses them.",
        stats.health == StoreHealth::kTakesRows ? 1 : 0);
  count("skewless_online_rows_written_total", "Rows acknowledged by the store.", stats.written);
  count("skewless_online_rows_coalesced_total", "Row changes that went out with a later one.",
        stats.coalesced);
  count("skewless_online_retries_total", "Writes sent again.", stats.retries);
  count("skewless_online_rows_rewritten_total",
        "Rows that the store had taken and lost, or had older again, written anew.",
        stats.rewritten);
  gauge("skewless_online_in_flight_rows", "Rows sent and not acknowledged.", stats.in_flight);
  gauge("skewless_online_window_rows", "Rows that may be in flight now.", stats.window);
  gauge("skewless_online_backlog_rows", "Rows that changed and are not acknowledged.",
        stats.backlog_rows);
  gauge("skewless_online_caught_up",
        "1 while the store, compared with the log, has all of it; 0 while rows are to be written.",
        stats.caught_up ? 1 : 0);
  gauge("skewless_online_backlog_events", "Events whose row is not acknowledged.",
        stats.backlog_events);
  gauge("skewless_online_backlog_limit_events", "Where the engine stops taking events.",
        stats.backlog_limit_events);
  families->push_back(HistogramFamily("skewless_online_write_seconds",
                                      "From a row's sending to its acknowledgement.",
                                      stats.latency));
  if (stats.values) {
    families->push_back(HistogramFamily(
        "skewless_online_timed_seconds",
        "From when a row's values were due to change with time alone to the store's stamp.",
        stats.timed_latency));
  }
  counter("skewless_online_pushback_seconds_total",
          "Time for which the engine took nothing because the backlog was full.",
          static_cast<double>(stats.pushback_nanos) / 1e9);
}

}  // namespace skewless
