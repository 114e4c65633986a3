#include "cli/live_status.h"

#include <fmt/format.h>

#include "cli/age_chart.h"
#include "cli/terminal.h"

namespace skewless {
namespace {

std::string Rate(double per_second) {
  return WithSeparators(static_cast<int64_t>(per_second)) + "/s";
}

std::string Quantiles(const LatencyQuantiles& latency) {
  if (latency.count == 0) return "-";
  return fmt::format("p50 {}  p99 {}", FormatLatency(latency.p50_nanos),
                     FormatLatency(latency.p99_nanos));
}

std::string Clock(double seconds) {
  const auto whole = static_cast<int64_t>(seconds);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string Title(const EngineStatus& status) {
  std::string title = fmt::format("{}  {}", status.title, Clock(status.seconds));
  if (status.fraction)
    title += fmt::format("  {} {:.0f}%", Bar(*status.fraction), *status.fraction * 100);
  return title;
}

std::string Events(const EngineStatus& status) {
  const std::string ahead =
      status.refused_ahead == 0 ? std::string() : "  ahead " + WithSeparators(status.refused_ahead);
  return fmt::format("{}  {}  late {}{}  dead letters {}", WithSeparators(status.events),
                     Rate(status.events_per_second), WithSeparators(status.refused_late), ahead,
                     WithSeparators(status.dead_letters));
}

std::string WatermarkLine(const EngineStatus& status) {
  if (status.watermark_us == kMinTimestamp) return "-";
  std::string line = FormatTimestamp(status.watermark_us - status.watermark_us % kSecondUs);
  if (status.clock_us != kMinTimestamp) {
    const DurationUs behind = SaturatingSub(status.clock_us, status.watermark_us);
    const DurationUs apart = behind < 0 ? SaturatingSub(0, behind) : behind;
    line += apart < kMinuteUs ? fmt::format("  {:.1f} s", static_cast<double>(apart) / 1e6)
                              : "  " + FormatAge(apart);
    line += behind < 0 ? " ahead" : " behind";
  }
  return line;
}

std::string Freshness(const EngineStatus& status) {
  std::string line = Quantiles(status.freshness);
  if (status.freshness_from_event.count > 0)
    line += "    from the event " + Quantiles(status.freshness_from_event);
  return line;
}

std::string_view HealthWord(StoreHealth health) {
  switch (health) {
    case StoreHealth::kConnecting:
      return "CONNECTING  ";
    case StoreHealth::kRefuses:
      return "REFUSES  ";
    case StoreHealth::kAway:
      return "AWAY  ";
    case StoreHealth::kTakesRows:
      break;
  }
  return "";
}

std::string RemoteStoreLine(const EngineStatus::RemoteStore& store) {
  return fmt::format("{}in flight {} of {}  backlog {} rows, {} events  retries {}  write {}",
                     HealthWord(store.health), WithSeparators(store.rows_in_flight),
                     WithSeparators(store.window_rows), WithSeparators(store.backlog_rows),
                     WithSeparators(store.backlog_events), WithSeparators(store.retries),
                     Quantiles(store.writes));
}

}  // namespace

void RecentLatency::Sample(const LatencyHistogram& histogram) {
  taken_.push_back(histogram.counts());
  if (taken_.size() > samples_) taken_.pop_front();
}

LatencyQuantiles RecentLatency::Get() const {
  if (taken_.empty()) return {};
  LatencyHistogram::Counts counts = taken_.back();
  if (taken_.size() == samples_) {
    for (size_t i = 0; i < counts.size(); ++i) counts[i] -= taken_.front()[i];
  }
  int64_t total = 0;
  for (const int64_t count : counts) total += count;
  return {total, latency::QuantileOf(counts, 0.5), latency::QuantileOf(counts, 0.99)};
}

std::vector<std::string> StatusLines(const EngineStatus& status) {
  std::vector<std::string> lines = {Title(status)};
  const auto add = [&lines](std::string_view name, const std::string& text) {
    lines.push_back(fmt::format("  {:<10}  {}", name, text));
  };
  add("events", Events(status));
  if (status.consumer_lag) {
    add("lag", fmt::format("{}{} in {}", status.consumer_lag->away ? "AWAY  " : "",
                           Counted(status.consumer_lag->records, "record"),
                           Counted(status.consumer_lag->partitions, "partition")));
  }
  add("watermark", WatermarkLine(status));
  add("freshness", Freshness(status));
  add("log", fmt::format("{}  sync {}", FormatBytes(status.log_bytes), Quantiles(status.log_sync)));
  if (status.remote_store) add("store", RemoteStoreLine(*status.remote_store));
  if (status.offline_rows) add("offline", WithSeparators(*status.offline_rows) + " rows");
  if (status.serving) {
    add("serving",
        fmt::format("port {}  {}  read {}", status.serving->port,
                    Rate(status.serving->requests_per_second), Quantiles(status.serving->reads)));
  }
  return lines;
}

}  // namespace skewless
