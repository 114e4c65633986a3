// The engine: sources -> log -> kernel -> online store, and offline tables behind it. The one place
// that joins the stages. One thread owns the log and the states; each source decodes in a thread of
// its own; the offline tables are made from the log by another.
//
// Where the online store is one elsewhere, with a clock of its own, the states are in a store of
// the engine's own, and the row writer sends on what each commit changed.
//
// The order of one group commit (CONSISTENCY: "The log", "Making availability exact"):
//   announce the stamp -> stamp the rows -> append and sync the log -> fold -> publish
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event_log.h"
#include "base/file.h"
#include "kernel/kernel_set.h"
#include "log/log.h"
#include "offline/compaction_plan.h"
#include "online/embedded/embedded_store.h"
#include "online/online_store.h"
#include "online/remote_rows.h"
#include "pipeline/column_watch.h"
#include "pipeline/empty_view_watch.h"
#include "pipeline/engine_stats.h"
#include "pipeline/online_of.h"
#include "pipeline/replay_gate.h"
#include "pipeline/row_writer.h"
#include "pipeline/source_thread.h"
#include "source/source_watermark.h"

namespace skewless {

// Where the engine gets what it works with; a simulation gives it its own.
struct EngineParts {
  std::function<Result<std::unique_ptr<Source>>(const Definition&, int source, const SourceOptions&,
                                                DeadLetterSink)>
      open_source = OpenSource;
  std::function<Result<std::unique_ptr<OnlineWriter>>(const EmbeddedOptions&)> open_online =
      OpenEmbeddedWriter;
  // Null where the definition's store is the embedded one.
  std::function<Result<std::unique_ptr<RemoteRows>>(const Definition&, const KernelSet&,
                                                    uint64_t log_identity)>
      open_rows = OpenRemoteRows;
};

struct EngineOptions {
  bool strict = false;          // the first bad record stops the engine
  bool take_over = false;       // from an engine that stands still with the log, and may go on
  bool follow = true;           // sources with `follow` go on with what is appended
  bool stepped_replay = false;  // the replay clock waits for ReplayGate::AdvanceTo
  // Where rows are elsewhere, they are kept up until the stop, though the sources have ended.
  bool outlives_sources = false;
  // It does so from now on: all that came is in the log, the rows and the offline tables. From the
  // engine's thread.
  std::function<void()> sources_ended;
  size_t batch_rows = 8192;   // decoded at a time
  size_t group_rows = 65536;  // at most in one group commit
  RowWriterOptions rows;
  CompactionOptions compaction;  // of the offline tables
  // For the rows, at the end; and where the engine is told to stop while the store takes none.
  DurationUs drain_timeout_us = 30 * kSecondUs, away_timeout_us = 5 * kSecondUs;
  // While the online store is rebuilt from the log: records folded, of how many.
  std::function<void(int64_t records, int64_t total)> recovery_progress;
  EngineParts parts;
};

class OfflineThread;
class ReplayMerge;

class Engine {
 public:
  // Takes the log's lock, or takes it over, repairs its tail, brings the online store up to it,
  // opens the sources where the log left them. `definition` and `kernels` outlive the engine.
  static Result<std::unique_ptr<Engine>> Open(const Definition& definition,
                                              const KernelSet& kernels, FileSystem& files,
                                              EngineOptions options);
  ~Engine();

  // Until all sources end, `stop` is set (then: drains what was accepted), or something fails.
  Status Run(const std::atomic<bool>& stop);

  // ---- What Run's threads do, a turn at a time and without waiting, for who wants to say in which
  // order: instead of Run.
  enum class Turn { kWorked, kIdle, kEnded };
  // The engine's own: one group commit, or one move of the replay clock. After an error the engine
  // is of no more use. With `stop` it comes to its end: kEnded.
  Result<Turn> Step(bool stop) { return TakeTurn(stop, false); }
  // A source's: one batch, unless its queue is full or its end has come.
  size_t sources() const { return sources_.size(); }
  void StepSource(size_t source);
  // The offline tables': what is durable.
  void StepOffline();
  // The row writer's, where there is one.
  void StepRows();

  // After Run: finishes the offline tables and closes the stores. kUnavailable where a store
  // elsewhere is owed rows; all else is in order then.
  Status Close();

  bool replay() const { return replay_; }
  ReplayGate& replay_gate() { return gate_; }
  const EngineStats& stats() const { return stats_; }
  SourceProgress progress() const;  // of all sources together
  SourceProgress progress(size_t source) const { return sources_[source]->progress(); }
  LiveProgress live_progress(size_t source) const { return sources_[source]->live_progress(); }
  const LogRecovery& recovery() const { return log_->recovery(); }
  const OnlineWriter& online() const { return *online_; }
  bool rebuilt() const { return rebuilt_; }
  // It only keeps rows up from now on (EngineOptions::outlives_sources).
  bool outlived_sources() const { return keeps_rows_.load(std::memory_order_relaxed); }
  const RowWriterStats* rows() const { return rows_ ? &rows_->stats() : nullptr; }

 private:
  Engine(const Definition& definition, const KernelSet& kernels, FileSystem& files,
         EngineOptions options);

  Status OpenLog();
  void TellIfAhead() const;
  Status OpenOnline();
  Status RebuildOnline();
  Status OpenRows();
  StampLogOptions StampLog() const;
  Status LogOpening();
  Status RecoverWatermarks();
  Status OpenSources();
  Result<std::unique_ptr<DeadLetterStore>> OpenDeadLetters(const SourceDefinition& source);
  Status OpenOffline();

  Result<Turn> TakeTurn(bool stop, bool wait);
  Result<Turn> LiveTurn(bool stop, bool wait);
  bool CollectGroup(bool wait);
  Status CommitLiveGroup();
  Result<Turn> ReplayTurn(bool stop, bool wait);
  Result<Turn> FollowReaders(bool stop, bool wait);
  Status CommitReplayBatch(Batch* batch);
  void StampReplayBatch(Batch* batch);
  struct Committing;
  void DecideWhatApplies(Committing* commit);
  void LogRefused(const Batch& batch, const RefusedEvents& refused);
  Status CommitStamped();
  void NoteFolded(const Batch& batch, int64_t accepted_nanos);
  void CountReadable();
  void CountWithoutKey(const Batch& batch);
  Status AppendAndSync();
  Status CheckLogHeld() const;
  void LogSlowSync(int64_t nanos);
  Status FoldAll(const Batch& batch);
  void FinishWatches();
  // ---- engine_rows.cc
  bool has_rows() const { return rows_ != nullptr; }
  void LowerAvailability(ViewInput* input);
  void HandOverChanges();
  void LetTablesGoOn();
  Status AttendRows(bool wait, bool* must_wait);
  Turn DrainRows(bool wait);
  Result<Turn> KeepRows(bool wait);
  void NotePushback(bool full);
  void ListRows();
  Status FinishRows();
  void MoveReplayClock(Timestamp time);

  const Definition& definition_;
  const KernelSet& kernels_;
  FileSystem& files_;
  EngineOptions options_;
  bool replay_ = false;
  bool rebuilt_ = false;
  bool closed_ = false;
  // Live: the sources are told to stop. Replay: the history goes on to its end, to the end of an
  // instant, or is over, with the clock following its readers.
  bool draining_ = false;
  enum class Replay { kNotBegun, kGoesOn, kEndsInstant, kIsOver } phase_ = Replay::kNotBegun;

  std::unique_ptr<Clock> wall_clock_;
  ReplayGate gate_;
  std::unique_ptr<LogWriter> log_;
  std::unique_ptr<OnlineWriter> online_;
  EngineStats stats_;
  std::unique_ptr<RowWriter> rows_;  // counts in stats_; null where readers use online_
  ChangedRows changes_;
  std::vector<Timestamp> lowered_us_;  // by row of the batch that is folded
  uint64_t listing_ = 0;               // of all rows, which is under way
  int listed_view_ = 0;
  uint64_t listed_to_ = 0;
  int64_t drain_began_nanos_ = 0;
  std::atomic<bool> keeps_rows_{false};  // without sources
  int64_t pushed_back_nanos_ = 0;        // when that was counted last; 0: the backlog isn't full
  EventInterval pushbacks_{10 * kSecondUs};
  std::vector<std::unique_ptr<DeadLetterStore>> dead_letters_;  // by source
  std::vector<std::unique_ptr<SourceThread>> sources_;
  std::vector<bool> source_ended_;
  std::unique_ptr<ReplayMerge> merge_;
  std::vector<SourceWatermark> watermarks_;               // by source
  std::deque<EventInterval> late_events_, events_ahead_;  // by source
  Sequence settled_through_ = 0;            // for the tables, until readers are let in
  std::unique_ptr<OfflineThread> offline_;  // counts in stats_ until it ends
  std::vector<ViewInput> inputs_;           // by view
  EmptyViewWatch empty_views_;
  ColumnWatch columns_;  // counts in stats_
  EvaluationScratch scratch_;
  std::vector<AcceptedBatch> group_;
  std::optional<size_t> filled_by_;  // the source that did, where the last group took all it may
  // Stamped, on their way through one group commit.
  struct Committing {
    Batch* batch;
    int64_t accepted_nanos;
    RefusedEvents refused = {};
  };
  std::vector<Committing> commit_;
  std::vector<FoldedRecords> folded_;  // by view; of the commit
  EventInterval slow_syncs_{10 * kSecondUs};
  Timestamp replay_now_ = kMinTimestamp;
  Timestamp last_available_us_ = kMinTimestamp;
};

// A replay clock drives the engine where every source says when its records arrived.
bool UsesReplayClock(const Definition& definition);

}  // namespace skewless
