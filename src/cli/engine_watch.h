// Looks at a running engine now and then: for the live status, and for what an operator should be
// told.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/live_status.h"
#include "pipeline/engine.h"
#include "pipeline/watermark_watch.h"
#include "serving/http_server.h"

namespace skewless {

class EngineWatch {
 public:
  // `server` may be null; `bounded`: the sources have an end.
  EngineWatch(const Definition& definition, const Engine& engine, const HttpServer* server,
              bool bounded);
  ~EngineWatch();
  // As often as one likes; looks a few times a second.
  void Look();

 private:
  void Sample(int64_t now_nanos);
  EngineStatus Status(int64_t now_nanos) const;
  LatencyQuantiles WorstView() const;
  std::optional<EngineStatus::ConsumerLag> Lag() const;
  std::optional<EngineStatus::RemoteStore> Store() const;

  const Definition& definition_;
  const Engine& engine_;
  const HttpServer* const server_;
  const bool bounded_, shown_;
  const std::unique_ptr<Clock> wall_clock_;
  const int64_t start_nanos_;
  int64_t drawn_nanos_, sampled_nanos_ = 0;
  int64_t counted_nanos_, counted_events_ = 0, counted_requests_ = 0;
  double events_per_second_ = 0, requests_per_second_ = 0;
  RecentLatency freshness_, log_sync_, reads_, row_writes_;
  std::vector<RecentLatency> from_event_;  // by view
  WatermarkWatch watermark_;
};

}  // namespace skewless
