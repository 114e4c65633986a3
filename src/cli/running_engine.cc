#include "cli/running_engine.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <ctime>

#include "cli/terminal.h"

namespace skewless {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

bool WaitForStopSignal(const std::atomic<bool>& ended) {
  const sigset_t signals = StopSignals();
  const timespec wait{0, 50'000'000};
  while (!ended.load()) {
    if (sigtimedwait(&signals, nullptr, &wait) > 0) return true;
  }
  return false;
}

RunningEngine::RunningEngine(const Repository& repository, RunOptions options)
    : repository_(repository), options_(std::move(options)) {}

RunningEngine::~RunningEngine() {
  stop_.store(true);
  ended_.store(true);
  if (engine_) engine_->replay_gate().Stop({});
  if (engine_thread_.joinable()) engine_thread_.join();
  if (signal_thread_.joinable()) signal_thread_.join();
  server_.reset();
}

Status RunningEngine::Start() {
  start_nanos_ = MonotonicNanos();
  start_cpu_nanos_ = ProcessCpuNanos();
  EngineOptions engine_options;
  engine_options.strict = options_.strict;
  engine_options.follow = !options_.once;
  engine_options.stepped_replay = options_.stepped_replay;
  engine_options.batch_rows = options_.batch_rows;
  ProgressBar bar("recovering");
  engine_options.recovery_progress = [&bar](int64_t records, int64_t total) {
    bar.Show(total > 0 ? static_cast<double>(records) / static_cast<double>(total) : 1,
             WithSeparators(records) + " records of the log");
  };
  SKEWLESS_ASSIGN_OR_RETURN(engine_, Engine::Open(*repository_.definition, repository_.kernels,
                                                  SystemFiles(), engine_options));
  bar.Finish();
  if (repository_.definition->serving) SKEWLESS_RETURN_IF_ERROR(StartServer());
  signal_thread_ = std::thread([this] { WaitForSignal(); });
  engine_thread_ = std::thread([this] {
    result_ = engine_->Run(stop_);
    end_nanos_ = MonotonicNanos();
    end_cpu_nanos_ = ProcessCpuNanos();
    ended_.store(true);
  });
  return {};
}

Status RunningEngine::StartServer() {
  HttpServerOptions http;
  if (options_.stepped_replay) {
    http.advance_replay = [this](Timestamp time) { return engine_->replay_gate().AdvanceTo(time); };
  }
  http.more_metrics = [this] { return Metrics(); };
  SKEWLESS_ASSIGN_OR_RETURN(server_,
                            ConfiguredServer::Start(repository_, options_.listen, std::move(http)));
  return {};
}

void RunningEngine::WaitForSignal() {
  // The sources' end is no wish to stop: a server goes on.
  if (!WaitForStopSignal(ended_)) return;
  stop_.store(true);
  engine_->replay_gate().Stop({});
}

Status RunningEngine::Wait() {
  ProgressBar bar(engine_->replay() ? "replaying" : "running");
  int64_t last_nanos = MonotonicNanos();
  int64_t last_accepted = 0;
  double rate = 0;
  while (!ended_.load()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const int64_t now = MonotonicNanos();
    const int64_t accepted = engine_->stats().accepted.load();
    if (now - last_nanos < 200'000'000) continue;
    rate =
        static_cast<double>(accepted - last_accepted) * 1e9 / static_cast<double>(now - last_nanos);
    last_nanos = now;
    last_accepted = accepted;
    const Timestamp clock = engine_->stats().clock_us.load();
    bar.Show(engine_->progress().fraction,
             fmt::format("{} events  {}/s  {}", WithSeparators(accepted),
                         WithSeparators(static_cast<int64_t>(rate)),
                         clock == kMinTimestamp ? "" : FormatTimestamp(clock)));
  }
  bar.Finish();
  engine_thread_.join();
  if (!result_.has_value()) return result_;
  view_sizes_ = engine_->online().Sizes();
  SKEWLESS_RETURN_IF_ERROR(engine_->Close());
  // The sources are at their end; the store still answers, until somebody stops us.
  if (server_ && !options_.once && !stop_.load()) {
    if (!options_.json) {
      fmt::print(stderr, "The sources ended; serving on port {} goes on. Ctrl-C stops it.\n",
                 server_->http().port());
    }
    const std::atomic<bool> never{false};
    WaitForStopSignal(never);
  }
  if (!server_) return {};
  requests_ = server_->http().requests();
  Status stopped = server_->Stop();
  server_.reset();
  return stopped;
}

double RunningEngine::wall_seconds() const {
  return static_cast<double>(end_nanos_ - start_nanos_) / 1e9;
}
double RunningEngine::cpu_seconds() const {
  return static_cast<double>(end_cpu_nanos_ - start_cpu_nanos_) / 1e9;
}

MetricFamilies RunningEngine::Metrics() const {
  const EngineStats& stats = engine_->stats();
  MetricFamilies families;
  const auto counter = [&families](const char* name, const char* help, int64_t value) {
    families.push_back(CounterFamily(name, help, static_cast<double>(value)));
  };
  counter("skewless_events_accepted_total", "Events made durable in the log.", stats.accepted);
  counter("skewless_events_refused_late_total", "Of them, refused as too late.",
          stats.refused_late);
  counter("skewless_dead_letters_total", "Records that could not be read.",
          engine_->progress().dead_letters);
  counter("skewless_recovered_events_total", "Events folded again from the log at the start.",
          stats.recovered_records);
  counter("skewless_log_bytes_total", "Bytes written to the log.", stats.log_bytes);
  counter("skewless_log_batches_total", "Batches written to the log.", stats.batches);
  counter("skewless_offline_rows_total", "Rows committed to the offline tables.",
          stats.offline_rows);
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
  auto from_event = EmptyFamily("skewless_view_freshness_from_event_seconds",
                                "From an event's own time to readable, by view.",
                                prometheus::MetricType::Histogram);
  auto from_acceptance = EmptyFamily("skewless_view_freshness_from_acceptance_seconds",
                                     "From an event's acceptance to readable, by view.",
                                     prometheus::MetricType::Histogram);
  for (size_t view = 0; view < stats.views.size(); ++view) {
    const MetricLabels labels = {{"view", repository_.definition->views[view].name}};
    AddSeries(&from_event, labels, stats.views[view].from_event, LatencyRange::kAge);
    AddSeries(&from_acceptance, labels, stats.views[view].from_acceptance);
  }
  families.push_back(std::move(from_event));
  families.push_back(std::move(from_acceptance));
  return families;
}

}  // namespace skewless
