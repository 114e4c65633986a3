// What `run` shows on a terminal while it works: a few lines, redrawn in place.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/latency_histogram.h"
#include "base/time.h"
#include "pipeline/store_watch.h"

namespace skewless {

struct LatencyQuantiles {
  int64_t count = 0, p50_nanos = 0, p99_nanos = 0;
};

// Quantiles of what a histogram has got lately: between its oldest sample here and its newest.
class RecentLatency {
 public:
  explicit RecentLatency(size_t samples) : samples_(samples) {}
  void Sample(const LatencyHistogram& histogram);
  LatencyQuantiles Get() const;

 private:
  const size_t samples_;
  std::deque<LatencyHistogram::Counts> taken_;
};

// What is optional is shown where it is given.
struct EngineStatus {
  std::string title;               // "running shop"
  std::optional<double> fraction;  // of a bounded input: a bar
  double seconds = 0;              // since the start
  int64_t events = 0, refused_late = 0, refused_ahead = 0, dead_letters = 0;
  double events_per_second = 0;
  Timestamp clock_us = kMinTimestamp;      // of the wall, or the replay's
  Timestamp watermark_us = kMinTimestamp;  // none before the first event
  LatencyQuantiles freshness;              // acceptance -> readable
  LatencyQuantiles freshness_from_event;   // of the view where it is worst
  int64_t log_bytes = 0;
  LatencyQuantiles log_sync;
  std::optional<int64_t> offline_rows;

  struct Serving {
    int port = 0;
    double requests_per_second = 0;
    LatencyQuantiles reads;
  };
  std::optional<Serving> serving;

  struct ConsumerLag {
    int64_t records = 0, partitions = 0;
    bool away = false;  // some source's brokers: what is counted was so when they went
  };
  std::optional<ConsumerLag> consumer_lag;

  // An online store elsewhere.
  struct RemoteStore {
    StoreHealth health = StoreHealth::kTakesRows;
    int64_t rows_in_flight = 0, window_rows = 0, backlog_rows = 0, backlog_events = 0;
    int64_t retries = 0;
    LatencyQuantiles writes;  // sent -> acknowledged
  };
  std::optional<RemoteStore> remote_store;
};

std::vector<std::string> StatusLines(const EngineStatus& status);

}  // namespace skewless
