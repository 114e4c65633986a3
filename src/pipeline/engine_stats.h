// What the engine counts while it runs; any thread may read.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>

#include "base/latency_histogram.h"
#include "base/time.h"
#include "pipeline/view_freshness.h"

namespace skewless {

// A column of a source that a view's expressions look at; of keys, events_without_key tells.
struct ColumnNulls {
  ColumnNulls(int of_source, int its_column) : source(of_source), column(its_column) {}
  const int source, column;
  std::atomic<int64_t> nulls{0};
};

struct EngineStats {
  std::atomic<int64_t> accepted{0};       // records made durable
  std::atomic<int64_t> refused_late{0};   // of them, refused as too late
  std::atomic<int64_t> refused_ahead{0};  // and as too far ahead of the clock
  std::atomic<int64_t> batches{0};
  std::atomic<int64_t> log_bytes{0};
  std::atomic<int64_t> evaluation_overflows{0};
  std::atomic<int64_t> evaluation_divisions_by_zero{0};
  std::atomic<int64_t> evaluation_domain_errors{0};
  std::atomic<Timestamp> clock_us{kMinTimestamp};      // the engine's clock
  std::atomic<Timestamp> watermark_us{kMinTimestamp};  // the least of the sources'
  std::atomic<int64_t> offline_rows{0};
  std::atomic<int64_t> offline_merged_rows{0};  // written again, in larger files
  std::atomic<int64_t> offline_files{0};        // that the tables consist of
  std::atomic<int64_t> recovered_records{0};    // folded again from the log at start
  LatencyHistogram freshness;  // a record is accepted (wall clock: decoded) -> readers can see it
  LatencyHistogram log_sync;   // one group commit
  std::deque<ViewFreshness> views;  // the same by view; as many from the start
  // By view, too: events whose key is null, which are in none of its rows.
  std::deque<std::atomic<int64_t>> events_without_key;
  // Of this run, by source: its events; and how many of them have null in a column.
  std::deque<std::atomic<int64_t>> source_events;
  std::deque<ColumnNulls> columns;
};

}  // namespace skewless
