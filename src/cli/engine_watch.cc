#include "cli/engine_watch.h"

#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "cli/terminal.h"

namespace skewless {
namespace {

constexpr int64_t kDrawNanos = 200'000'000;
constexpr int64_t kSampleNanos = 1'000'000'000;
constexpr size_t kSamples = 11;  // quantiles are of the last ten seconds

}  // namespace

EngineWatch::EngineWatch(const Definition& definition, const Engine& engine,
                         const HttpServer* server, bool bounded)
    : definition_(definition),
      engine_(engine),
      server_(server),
      bounded_(bounded),
      shown_(IsTerminal(STDERR_FILENO)),
      wall_clock_(NewWallClock()),
      start_nanos_(MonotonicNanos()),
      drawn_nanos_(start_nanos_),
      counted_nanos_(start_nanos_),
      freshness_(kSamples),
      log_sync_(kSamples),
      reads_(kSamples),
      row_writes_(kSamples),
      from_event_(definition.views.size(), RecentLatency(kSamples)) {}

EngineWatch::~EngineWatch() { drawn_lines::Erase(); }

void EngineWatch::Look() {
  const int64_t now = MonotonicNanos();
  if (now - drawn_nanos_ < kDrawNanos) return;
  drawn_nanos_ = now;
  if (now - sampled_nanos_ >= kSampleNanos) Sample(now);
  if (shown_) drawn_lines::Draw(StatusLines(Status(now)));
}

void EngineWatch::Sample(int64_t now_nanos) {
  sampled_nanos_ = now_nanos;
  const EngineStats& stats = engine_.stats();
  if (!engine_.replay() && !engine_.outlived_sources())
    watermark_.Look(now_nanos, stats.watermark_us.load(), stats.accepted.load() > 0);
  if (!shown_) return;
  const double seconds = static_cast<double>(now_nanos - counted_nanos_) / 1e9;
  const int64_t events = stats.accepted.load();
  events_per_second_ = static_cast<double>(events - counted_events_) / seconds;
  counted_events_ = events;
  if (server_ != nullptr) {
    const int64_t requests = server_->requests();
    requests_per_second_ = static_cast<double>(requests - counted_requests_) / seconds;
    counted_requests_ = requests;
    reads_.Sample(server_->read_latency());
  }
  counted_nanos_ = now_nanos;
  freshness_.Sample(stats.freshness);
  log_sync_.Sample(stats.log_sync);
  if (engine_.rows() != nullptr) row_writes_.Sample(engine_.rows()->latency);
  for (size_t view = 0; view < from_event_.size(); ++view)
    from_event_[view].Sample(stats.views[view].from_event);
}

EngineStatus EngineWatch::Status(int64_t now_nanos) const {
  const EngineStats& stats = engine_.stats();
  const SourceProgress progress = engine_.progress();
  EngineStatus status;
  status.title = (engine_.replay() ? "replaying " : "running ") + definition_.project;
  if (bounded_) status.fraction = progress.fraction;
  status.seconds = static_cast<double>(now_nanos - start_nanos_) / 1e9;
  status.events = stats.accepted.load();
  status.refused_late = stats.refused_late.load();
  status.refused_ahead = stats.refused_ahead.load();
  status.dead_letters = progress.dead_letters;
  status.events_per_second = events_per_second_;
  // The engine looks at a wall clock when events come; meanwhile data gets old, too.
  status.clock_us = engine_.replay() ? stats.clock_us.load() : wall_clock_->Now();
  status.watermark_us = stats.watermark_us.load();
  status.freshness = freshness_.Get();
  status.freshness_from_event = WorstView();
  status.log_bytes = stats.log_bytes.load();
  status.log_sync = log_sync_.Get();
  status.consumer_lag = Lag();
  status.remote_store = Store();
  if (definition_.offline) status.offline_rows = stats.offline_rows.load();
  if (server_ != nullptr) status.serving = {server_->port(), requests_per_second_, reads_.Get()};
  return status;
}

// Of the partitions whose end is known.
std::optional<EngineStatus::ConsumerLag> EngineWatch::Lag() const {
  EngineStatus::ConsumerLag lag;
  for (size_t i = 0; i < definition_.sources.size(); ++i) {
    if (definition_.sources[i].type != SourceType::kKafka) continue;
    const LiveProgress live = engine_.live_progress(i);
    lag.away |= live.away;
    for (const StreamProgress& stream : live.streams) {
      if (stream.end < 0) continue;
      lag.records += std::max<int64_t>(0, stream.end - stream.position);
      ++lag.partitions;
    }
  }
  if (lag.partitions == 0 && !lag.away) return std::nullopt;
  return lag;
}

std::optional<EngineStatus::RemoteStore> EngineWatch::Store() const {
  if (engine_.rows() == nullptr) return std::nullopt;
  const RowWriterStats& rows = *engine_.rows();
  EngineStatus::RemoteStore store;
  store.health = rows.health;
  store.rows_in_flight = rows.in_flight;
  store.window_rows = rows.window;
  store.backlog_rows = rows.backlog_rows;
  store.backlog_events = rows.backlog_events;
  store.retries = rows.retries;
  store.writes = row_writes_.Get();
  return store;
}

LatencyQuantiles EngineWatch::WorstView() const {
  LatencyQuantiles worst;
  for (const RecentLatency& view : from_event_) {
    const LatencyQuantiles one = view.Get();
    if (one.count > 0 && (worst.count == 0 || one.p99_nanos > worst.p99_nanos)) worst = one;
  }
  return worst;
}

}  // namespace skewless
