#include "cli/running_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>

#include "base/event_log.h"
#include "cli/engine_metrics.h"
#include "cli/engine_watch.h"
#include "cli/terminal.h"
#include "cli/version.h"

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
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal <= 0) continue;
    LogEvent(EventLevel::kInfo, "stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
    return true;
  }
  return false;
}

void LogServing(const HttpServer& server) {
  LogEvent(EventLevel::kInfo, "serving", {{"port", server.port()}});
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
  const Definition& definition = *repository_.definition;
  LogEvent(EventLevel::kInfo, "starting",
           {{"version", kVersion},
            {"project", definition.project},
            {"log", definition.ResolvePath(definition.log_path)},
            {"sources", definition.sources.size()},
            {"views", definition.views.size()}});
  // Who can't serve leaves the engine that has the log alone. Without taking over, the log's lock
  // tells more than an address that is taken: it comes first.
  if (definition.serving && options_.take_over) {
    SKEWLESS_ASSIGN_OR_RETURN(socket_,
                              ListenSocket::Bind(ServingAddress(definition, options_.listen)));
  }
  SKEWLESS_RETURN_IF_ERROR(Open());
  if (definition.serving) SKEWLESS_RETURN_IF_ERROR(StartServer());
  signal_thread_ = std::thread([this] { WaitForSignal(); });
  engine_thread_ = std::thread([this] {
    result_ = engine_->Run(stop_);
    if (end_nanos_ == 0) NoteEnd();
    ended_.store(true);
  });
  return {};
}

Status RunningEngine::Open() {
  EngineOptions engine_options;
  engine_options.strict = options_.strict;
  engine_options.take_over = options_.take_over;
  engine_options.follow = !options_.once;
  engine_options.stepped_replay = options_.stepped_replay;
  engine_options.batch_rows = options_.batch_rows;
  engine_options.group_rows = options_.commit_rows;
  engine_options.outlives_sources = repository_.definition->serving && !options_.once;
  engine_options.sources_ended = [this] {
    NoteEnd();
    LogServingOn();
  };
  ProgressBar bar("recovering");
  engine_options.recovery_progress = [&bar](int64_t records, int64_t total) {
    bar.Show(total > 0 ? static_cast<double>(records) / static_cast<double>(total) : 1,
             WithSeparators(records) + " records of the log");
  };
  SKEWLESS_ASSIGN_OR_RETURN(engine_, Engine::Open(*repository_.definition, repository_.kernels,
                                                  SystemFiles(), engine_options));
  return {};
}

Status RunningEngine::StartServer() {
  HttpServerOptions http;
  http.socket = std::move(socket_);
  if (options_.stepped_replay) {
    http.advance_replay = [this](Timestamp time) { return engine_->replay_gate().AdvanceTo(time); };
  }
  http.more_metrics = [this] { return EngineMetrics(*repository_.definition, *engine_); };
  SKEWLESS_ASSIGN_OR_RETURN(server_,
                            ConfiguredServer::Start(repository_, options_.listen, std::move(http)));
  LogServing(server_->http());
  return {};
}

void RunningEngine::WaitForSignal() {
  // The sources' end is no wish to stop: a server goes on.
  if (!WaitForStopSignal(ended_)) return;
  stop_.store(true);
  engine_->replay_gate().Stop({});
}

void RunningEngine::NoteEnd() {
  end_nanos_ = MonotonicNanos();
  end_cpu_nanos_ = ProcessCpuNanos();
}

void RunningEngine::LogServingOn() const {
  LogEvent(EventLevel::kInfo, "sources ended, serving goes on until SIGINT or SIGTERM",
           {{"port", server_->http().port()}});
}

bool RunningEngine::bounded() const {
  if (options_.once) return true;
  const auto& sources = repository_.definition->sources;
  return std::none_of(sources.begin(), sources.end(), [](const SourceDefinition& source) {
    return source.follow || source.type == SourceType::kKafka;
  });
}

Status RunningEngine::Wait() {
  {
    EngineWatch watch(*repository_.definition, *engine_, server(), bounded());
    while (!ended_.load()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      watch.Look();
    }
  }
  engine_thread_.join();
  if (!result_.has_value()) return result_;
  view_sizes_ = engine_->online().Sizes();
  SKEWLESS_RETURN_IF_ERROR(engine_->Close());
  const EngineStats& stats = engine_->stats();
  LogEvent(EventLevel::kInfo, "engine stopped",
           {{"events", stats.accepted.load()},
            {"refused_late", stats.refused_late.load()},
            {"refused_ahead", stats.refused_ahead.load()},
            {"dead_letters", engine_->progress().dead_letters},
            {"offline_rows", stats.offline_rows.load()},
            {"seconds", wall_seconds()}});
  if (!server_) return {};
  // The sources are at their end; the store still answers, until somebody stops us. That may have
  // come just now: only one waits for it at a time, or the other would wait for another one.
  signal_thread_.join();
  if (!options_.once && !stop_.load()) {
    LogServingOn();
    const std::atomic<bool> never{false};
    WaitForStopSignal(never);
  }
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

}  // namespace skewless
