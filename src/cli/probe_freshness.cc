#include "cli/probe_freshness.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/terminal.h"
#include "cli/text_table.h"
#include "pipeline/engine.h"
#include "serving/freshness_probe.h"
#include "training/history.h"

namespace skewless {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{1};

nlohmann::json QuantilesJson(const LatencyHistogram& latency) {
  return {{"p50", latency.QuantileNanos(0.5) / 1000}, {"p99", latency.QuantileNanos(0.99) / 1000}};
}

std::string QuantileText(const LatencyHistogram& latency, double quantile) {
  return latency.count() == 0 ? "-" : FormatLatency(latency.QuantileNanos(quantile));
}

void PrintJson(const Definition& definition, const FreshnessProbe& probe, double seconds) {
  nlohmann::json views = nlohmann::json::array();
  for (size_t view = 0; view < probe.views().size(); ++view) {
    const ProbedView& seen = *probe.views()[view];
    views.push_back({{"view", definition.views[view].name},
                     {"entities", seen.entities},
                     {"records", seen.from_acceptance.count()},
                     {"from_acceptance_us", QuantilesJson(seen.from_acceptance)},
                     {"from_event_us", QuantilesJson(seen.from_event)}});
  }
  const nlohmann::json report = {{"seconds", seconds},
                                 {"looks", probe.looks()},
                                 {"unavailable_looks", probe.unavailable()},
                                 {"rows_went_back", probe.went_back()},
                                 {"rows_not_in_log", probe.not_in_log()},
                                 {"views", views}};
  fmt::print("{}\n", report.dump());
}

void PrintTable(const Definition& definition, const FreshnessProbe& probe, double seconds) {
  std::vector<std::vector<std::string>> rows = {
      {"", "", "", "accepted", "to seen", "event", "to seen"},
      {"view", "entities", "records", "p50", "p99", "p50", "p99"}};
  for (size_t view = 0; view < probe.views().size(); ++view) {
    const ProbedView& seen = *probe.views()[view];
    rows.push_back({definition.views[view].name, WithSeparators(seen.entities),
                    WithSeparators(seen.from_acceptance.count()),
                    QuantileText(seen.from_acceptance, 0.5),
                    QuantileText(seen.from_acceptance, 0.99), QuantileText(seen.from_event, 0.5),
                    QuantileText(seen.from_event, 0.99)});
  }
  fmt::print("{}", AlignedTable(rows));
  fmt::print("\n{} looks in {:.1f} s, {} of them unanswered; a delay is at most so long\n",
             WithSeparators(probe.looks()), seconds, WithSeparators(probe.unavailable()));
  fmt::print("{} rows went back, {} rows were ahead of the log\n", probe.went_back(),
             probe.not_in_log());
}

// What makes the command fail, though it has printed what it saw.
Status Verdict(const FreshnessProbe& probe) {
  if (probe.went_back() > 0 || probe.not_in_log() > 0) {
    return Fail(ErrorCode::kCorrupt, "the store broke its promise: see the counts",
                "Run `skewless log --verify` and `skewless audit`, and report it.");
  }
  if (probe.records() == 0) {
    return Fail(ErrorCode::kUnavailable,
                "no record became readable meanwhile: nothing is confirmed",
                "Probe while an engine runs and events come, or longer with --for.");
  }
  return {};
}

// What a store in this machine knows; else the log's segments tell, which takes longer.
Result<Sequence> EndOfLog(const Definition& definition, const OnlineReader& online) {
  if (online.last_committed() > 0) return online.last_committed();
  SKEWLESS_ASSIGN_OR_RETURN(
      const auto segments,
      InspectLog(SystemFiles(), definition.ResolvePath(definition.log_path), /*verify=*/false));
  Sequence last = 0;
  for (const SegmentInfo& segment : segments) last = std::max(last, segment.last_sequence);
  return last;
}

Result<int> ViewIndex(const Definition& definition, const std::string& name) {
  if (name.empty()) return -1;
  for (size_t view = 0; view < definition.views.size(); ++view) {
    if (definition.views[view].name == name) return static_cast<int>(view);
  }
  return Fail(ErrorCode::kNotFound, "no view is called '" + name + "'",
              "`skewless check` lists the views.");
}

}  // namespace

Status ProbeFreshness(const Repository& repository, const ProbeArguments& arguments) {
  const Definition& definition = *repository.definition;
  if (UsesReplayClock(definition)) {
    return Fail(ErrorCode::kInvalid,
                "a replay clock drives this repository: how long ago a record came says nothing",
                "Run `skewless freshness` without --probe: it reads the log.");
  }
  ProbeOptions options;
  options.sample = arguments.sample;
  SKEWLESS_ASSIGN_OR_RETURN(options.view, ViewIndex(definition, arguments.view));
  SKEWLESS_ASSIGN_OR_RETURN(const DurationUs duration_us, ParseDuration(arguments.duration));
  SKEWLESS_ASSIGN_OR_RETURN(auto online, OpenOnlineReader(repository));
  SKEWLESS_ASSIGN_OR_RETURN(auto log, OpenLogReader(SystemFiles(), definition));
  SKEWLESS_ASSIGN_OR_RETURN(const Sequence end_of_log, EndOfLog(definition, *online));
  SKEWLESS_RETURN_IF_ERROR(log->SeekAfter(end_of_log));
  const auto clock = NewWallClock();
  FreshnessProbe probe(repository.kernels, *online, *log, *clock, options);
  ProgressBar bar("probing");
  const int64_t start = MonotonicNanos();
  const int64_t end = start + duration_us * 1000;
  for (int64_t now = start; now < end; now = MonotonicNanos()) {
    SKEWLESS_RETURN_IF_ERROR(probe.Look());
    bar.Show(static_cast<double>(now - start) / static_cast<double>(end - start),
             WithSeparators(probe.records()) + " records seen");
    std::this_thread::sleep_for(kBetweenLooks);
  }
  bar.Finish();
  const double seconds = static_cast<double>(MonotonicNanos() - start) / 1e9;
  arguments.json ? PrintJson(definition, probe, seconds) : PrintTable(definition, probe, seconds);
  return Verdict(probe);
}

}  // namespace skewless
