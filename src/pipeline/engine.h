// The engine: sources -> log -> kernel -> online store, and offline tables behind it. The one place
// that joins the stages. One thread owns the log and the states; each source decodes in a thread of
// its own; the offline tables are made from the log by another.
//
// The order of one group commit (CONSISTENCY: "The log", "Making availability exact"):
//   announce the stamp -> stamp the rows -> append and sync the log -> fold -> publish
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "kernel/kernel_set.h"
#include "log/log.h"
#include "online/online_store.h"
#include "pipeline/engine_stats.h"
#include "pipeline/replay_gate.h"
#include "pipeline/source_thread.h"
#include "source/watermark.h"

namespace skewless {

struct EngineOptions {
  bool strict = false;          // the first bad record stops the engine
  bool stepped_replay = false;  // the replay clock waits for ReplayGate::AdvanceTo
  size_t batch_rows = 8192;     // decoded at a time
  size_t group_rows = 65536;    // at most in one group commit
  // While the online store is rebuilt from the log: records folded, of how many.
  std::function<void(int64_t records, int64_t total)> recovery_progress;
};

class OfflineThread;
class ReplayMerge;

class Engine {
 public:
  // Takes the log's lock, repairs its tail, brings the online store up to it, opens the sources
  // where the log left them. `definition` and `kernels` outlive the engine.
  static Result<std::unique_ptr<Engine>> Open(const Definition& definition,
                                              const KernelSet& kernels, FileSystem& files,
                                              EngineOptions options);
  ~Engine();

  // Until all sources end, `stop` is set (then: drains what was accepted), or something fails.
  Status Run(const std::atomic<bool>& stop);
  // After Run: finishes the offline tables and closes the stores.
  Status Close();

  bool replay() const { return replay_; }
  ReplayGate& replay_gate() { return gate_; }
  const EngineStats& stats() const { return stats_; }
  SourceProgress progress() const;  // of all sources together
  const LogRecovery& recovery() const { return log_->recovery(); }
  const OnlineWriter& online() const { return *online_; }
  bool rebuilt() const { return rebuilt_; }

 private:
  Engine(const Definition& definition, const KernelSet& kernels, FileSystem& files,
         EngineOptions options);

  Status OpenLog();
  Status OpenOnline();
  Status RebuildOnline();
  Status RecoverWatermarks();
  Status OpenSources();
  Status OpenOffline();

  Status RunLive(const std::atomic<bool>& stop);
  Status RunReplay(const std::atomic<bool>& stop);
  bool CollectGroup();
  Status CommitLiveGroup();
  Status FinishInstant(ReplayMerge* merge);
  Status CommitReplayBatch(Batch* batch);
  void StampReplayBatch(Batch* batch);
  void DecideLateness(Batch* batch);
  Status CommitStamped();
  Status AppendAndSync();
  Status FoldAll(const Batch& batch);
  void MoveReplayClock(Timestamp time);

  const Definition& definition_;
  const KernelSet& kernels_;
  FileSystem& files_;
  EngineOptions options_;
  bool replay_ = false;
  bool rebuilt_ = false;
  bool closed_ = false;

  std::unique_ptr<Clock> wall_clock_;
  ReplayGate gate_;
  std::unique_ptr<LogWriter> log_;
  std::unique_ptr<OnlineWriter> online_;
  std::vector<std::unique_ptr<DeadLetterFile>> dead_letters_;  // by source
  std::vector<std::unique_ptr<SourceThread>> sources_;
  std::vector<Watermark> watermarks_;
  EngineStats stats_;
  std::unique_ptr<OfflineThread> offline_;  // counts in stats_ until it ends
  std::vector<ViewInput> inputs_;           // by view
  EvaluationScratch scratch_;
  std::vector<AcceptedBatch> group_;
  std::vector<Batch*> commit_;  // stamped, on their way through one group commit
  Timestamp replay_now_ = kMinTimestamp;
  Timestamp last_available_us_ = kMinTimestamp;
};

// A replay clock drives the engine where every source says when its records arrived.
bool UsesReplayClock(const Definition& definition);

}  // namespace skewless
