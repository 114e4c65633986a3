#include "pipeline/engine.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "pipeline/offline_thread.h"
#include "pipeline/replay_merge.h"

namespace skewless {
namespace {

// Common disks sync a group commit in milliseconds: freshness waits for this one.
constexpr int64_t kSlowSyncNanos = 500'000'000;

}  // namespace

Engine::Engine(const Definition& definition, const KernelSet& kernels, FileSystem& files,
               EngineOptions options)
    : definition_(definition),
      kernels_(kernels),
      files_(files),
      options_(std::move(options)),
      replay_(UsesReplayClock(definition)),
      wall_clock_(NewWallClock()),
      gate_(replay_ && options_.stepped_replay),
      inputs_(kernels.size()),
      empty_views_(definition),
      columns_(definition, &stats_),
      folded_(kernels.size()) {
  for (size_t view = 0; view < kernels.size(); ++view) {
    stats_.views.emplace_back();
    stats_.events_without_key.emplace_back(0);
  }
}

Engine::~Engine() {
  for (auto& source : sources_) source->Stop();
  gate_.Stop({});
}

Status Engine::Run(const std::atomic<bool>& stop) {
  for (auto& source : sources_) source->Start();
  if (offline_) offline_->Start();
  if (rows_) rows_->Start();
  Status result;
  for (;;) {
    const Result<Turn> turn = TakeTurn(stop.load(std::memory_order_relaxed), true);
    if (!turn) result = tl::unexpected<Error>(turn.error());
    if (!turn || *turn == Turn::kEnded) break;
  }
  for (auto& source : sources_) source->Stop();
  if (result.has_value() && offline_ && offline_->failed()) result = offline_->status();
  gate_.Stop(result);
  return result;
}

Result<Engine::Turn> Engine::TakeTurn(bool stop, bool wait) {
  SKEWLESS_RETURN_IF_ERROR(CheckLogHeld());
  if (offline_ && offline_->failed()) return tl::unexpected<Error>(offline_->status().error());
  return replay_ ? ReplayTurn(stop, wait) : LiveTurn(stop, wait);
}

void Engine::StepSource(size_t source) {
  if (source_ended_[source] || sources_[source]->queue().full()) return;
  source_ended_[source] = !sources_[source]->Step();
}

void Engine::StepOffline() {
  if (offline_) offline_->Step();
}

Status Engine::Close() {
  SKEWLESS_CHECK(!closed_);
  closed_ = true;
  FinishWatches();
  if (rows_) SKEWLESS_RETURN_IF_ERROR(FinishRows());
  if (offline_) SKEWLESS_RETURN_IF_ERROR(offline_->Finish());
  SKEWLESS_RETURN_IF_ERROR(online_->Close());
  return rows_ ? rows_->Owed() : Status{};
}

void Engine::FinishWatches() {
  empty_views_.Finish();
  // A few without one are no sign where others may have come before.
  if (log_->recovery().last_sequence == 0) columns_.Finish();
}

SourceProgress Engine::progress() const {
  SourceProgress all;
  for (const auto& source : sources_) {
    const SourceProgress one = source->progress();
    all.records += one.records;
    all.dead_letters += one.dead_letters;
    all.fraction += one.fraction / static_cast<double>(sources_.size());
  }
  return all;
}

// ---- wall clock

// Takes what has come from every source; false when all have ended and nothing is left. The source
// that filled the group before comes last, or its backlog would leave no room for others.
bool Engine::CollectGroup(bool wait) {
  size_t rows = 0;
  bool alive = false;
  const std::optional<size_t> filled_before = std::exchange(filled_by_, std::nullopt);
  const size_t first = filled_before ? *filled_before + 1 : 0;
  for (size_t i = 0; i < sources_.size(); ++i) {
    const size_t index = (first + i) % sources_.size();
    BatchQueue& queue = sources_[index]->queue();
    // A full batch tells of more to come: a source that is behind is worth waiting for, since a
    // row that changes twice in a commit costs one version. Else it is only where nothing is at
    // hand, and not for long: other sources may have some, as the one that comes last surely does.
    bool behind = false;
    const bool is_last = i + 1 == sources_.size();
    while (rows < options_.group_rows) {
      const bool nothing_at_hand = group_.empty() && (is_last || !filled_before);
      const int patience_us = behind ? 20'000 : nothing_at_hand ? 2000 : 0;
      auto next = queue.Pop(std::chrono::microseconds(wait ? patience_us : 0));
      if (!next) break;
      behind = next->batch->rows() >= options_.batch_rows;
      rows += next->batch->rows();
      group_.push_back(std::move(*next));
      if (rows >= options_.group_rows) filled_by_ = index;
    }
    alive |= !queue.ended();
  }
  return alive || !group_.empty();
}

Result<Engine::Turn> Engine::LiveTurn(bool stop, bool wait) {
  if (stop && !draining_) {
    // What was decoded already is still folded; the sources read no further.
    draining_ = true;
    for (auto& source : sources_) source->queue().Stop();
  }
  if (has_rows()) {
    bool must_wait = false;
    SKEWLESS_RETURN_IF_ERROR(AttendRows(wait, &must_wait));
    // What waits in the queues is read again by the next engine, if the end comes first.
    if (must_wait) return draining_ ? DrainRows(wait) : Turn::kIdle;
  }
  const bool more = CollectGroup(wait);
  const bool any = !group_.empty();
  if (any) SKEWLESS_RETURN_IF_ERROR(CommitLiveGroup());
  for (auto& source : sources_) {
    if (source->queue().ended()) SKEWLESS_RETURN_IF_ERROR(source->queue().end_status());
  }
  for (auto& done : group_) sources_[done.batch->source]->queue().GiveBack(std::move(done.batch));
  group_.clear();
  if (more && !(draining_ && !any)) return any ? Turn::kWorked : Turn::kIdle;
  if (!has_rows()) return Turn::kEnded;
  if (options_.outlives_sources && !draining_) return KeepRows(wait);
  return DrainRows(wait);
}

Status Engine::CommitLiveGroup() {
  const Timestamp now = std::max(wall_clock_->Now(), last_available_us_);
  const Timestamp wanted = SaturatingAdd(now, 1);
  const Timestamp stamp = std::max(online_->Announce(wanted), wanted);
  commit_.clear();
  for (AcceptedBatch& accepted : group_) {
    Batch* batch = accepted.batch.get();
    batch->processing_us.assign(batch->rows(), stamp);
    batch->available_us.assign(batch->rows(), stamp);
    commit_.push_back({batch, accepted.accepted_nanos});
  }
  stats_.clock_us.store(now, std::memory_order_relaxed);
  SKEWLESS_RETURN_IF_ERROR(CommitStamped());
  last_available_us_ = stamp;
  return {};
}

// ---- both

void Engine::DecideWhatApplies(Committing* commit) {
  Batch* batch = commit->batch;
  SourceWatermark& watermark = watermarks_[batch->source];
  commit->refused = watermark.Decide(stats_.clock_us.load(std::memory_order_relaxed), batch);
  watermark.TellPositions(batch);
  LogRefused(*batch, commit->refused);
  Timestamp least = kMaxTimestamp;
  for (const SourceWatermark& one : watermarks_) least = std::min(least, one.time());
  stats_.watermark_us.store(least, std::memory_order_relaxed);
}

void Engine::LogRefused(const Batch& batch, const RefusedEvents& refused) {
  if (refused.late + refused.ahead == 0 || !WantsEvents(EventLevel::kWarning)) return;
  const std::string& source = definition_.sources[batch.source].name;
  if (refused.late > 0) {
    if (const auto events = late_events_[batch.source].Add(refused.late)) {
      LogEvent(EventLevel::kWarning, "events refused as too late",
               {{"source", source},
                {"events", *events},
                EventField::Time("event_timestamp", batch.event_us[refused.last_late]),
                EventField::Time("watermark", watermarks_[batch.source].time())});
    }
  }
  if (refused.ahead > 0) {
    if (const auto events = events_ahead_[batch.source].Add(refused.ahead)) {
      LogEvent(EventLevel::kWarning, "events refused as too far ahead",
               {{"source", source},
                {"events", *events},
                EventField::Time("event_timestamp", batch.event_us[refused.last_ahead]),
                EventField::Time("processing_timestamp", batch.processing_us[refused.last_ahead])});
    }
  }
}

// Durable, then folded, then visible: the end of every group commit, whatever clock stamped it.
Status Engine::CommitStamped() {
  for (Committing& commit : commit_) DecideWhatApplies(&commit);
  SKEWLESS_RETURN_IF_ERROR(AppendAndSync());
  for (const auto& [batch, _, refused] : commit_)
    sources_[batch->source]->Durable(batch->positions);
  for (const auto& [batch, accepted_nanos, refused] : commit_) {
    SKEWLESS_RETURN_IF_ERROR(FoldAll(*batch));
    CountWithoutKey(*batch);
    columns_.Look(*batch);
    if (!has_rows()) NoteFolded(*batch, accepted_nanos);
  }
  SKEWLESS_RETURN_IF_ERROR(online_->Commit(log_->last_sequence()));
  if (has_rows()) {
    HandOverChanges();  // the row writer counts them when they are readable
  } else {
    CountReadable();
  }
  for (const auto& [batch, _, refused] : commit_) {
    stats_.accepted.fetch_add(static_cast<int64_t>(batch->rows()), std::memory_order_relaxed);
    stats_.refused_late.fetch_add(refused.late, std::memory_order_relaxed);
    stats_.refused_ahead.fetch_add(refused.ahead, std::memory_order_relaxed);
  }
  return {};
}

// Also where nothing comes to be appended, an engine that another has taken over from stops.
Status Engine::CheckLogHeld() const {
  if (log_->lock().held()) return {};
  return CheckHeld(log_->lock(), definition_.ResolvePath(definition_.log_path));
}

Status Engine::AppendAndSync() {
  for (const auto& [batch, _, refused] : commit_) SKEWLESS_RETURN_IF_ERROR(log_->Append(batch));
  const int64_t start = MonotonicNanos();
  SKEWLESS_RETURN_IF_ERROR(log_->Sync());
  const int64_t sync_nanos = MonotonicNanos() - start;
  stats_.log_sync.Record(sync_nanos);
  if (sync_nanos > kSlowSyncNanos) LogSlowSync(sync_nanos);
  stats_.log_bytes.store(log_->bytes_written(), std::memory_order_relaxed);
  stats_.batches.fetch_add(static_cast<int64_t>(commit_.size()), std::memory_order_relaxed);
  if (offline_ && !has_rows()) offline_->SetDurable(log_->last_sequence());
  return {};
}

Status Engine::FoldAll(const Batch& batch) {
  for (size_t view = 0; view < kernels_.size(); ++view) {
    if (kernels_[view]->view().source != static_cast<int>(batch.source)) continue;
    kernels_[view]->Prepare(batch, scratch_, &inputs_[view]);
    empty_views_.Look(view, inputs_[view]);
    if (has_rows()) LowerAvailability(&inputs_[view]);
    SKEWLESS_RETURN_IF_ERROR(online_->Fold(static_cast<int>(view), *kernels_[view], inputs_[view]));
  }
  stats_.evaluation_overflows.store(scratch_.counts.overflow, std::memory_order_relaxed);
  stats_.evaluation_divisions_by_zero.store(scratch_.counts.division_by_zero,
                                            std::memory_order_relaxed);
  stats_.evaluation_domain_errors.store(scratch_.counts.domain, std::memory_order_relaxed);
  return {};
}

void Engine::LogSlowSync(int64_t nanos) {
  if (!WantsEvents(EventLevel::kWarning)) return;
  if (const auto syncs = slow_syncs_.Add()) {
    LogEvent(EventLevel::kWarning, "slow sync of the log",
             {{"seconds", static_cast<double>(nanos) / 1e9}, {"syncs", *syncs}});
  }
}

// `inputs_` are of this batch.
void Engine::NoteFolded(const Batch& batch, int64_t accepted_nanos) {
  for (size_t view = 0; view < kernels_.size(); ++view) {
    if (kernels_[view]->view().source != static_cast<int>(batch.source)) continue;
    replay_ ? folded_[view].AddReplayed(inputs_[view], accepted_nanos)
            : folded_[view].Add(inputs_[view], accepted_nanos);
  }
}

// `inputs_` are of this batch.
void Engine::CountWithoutKey(const Batch& batch) {
  for (size_t view = 0; view < kernels_.size(); ++view) {
    if (kernels_[view]->view().source != static_cast<int>(batch.source)) continue;
    stats_.events_without_key[view].fetch_add(EventsWithoutKey(inputs_[view]),
                                              std::memory_order_relaxed);
  }
}

void Engine::CountReadable() {
  const int64_t now_nanos = MonotonicNanos();
  const Timestamp now_us = wall_clock_->Now();
  for (size_t view = 0; view < folded_.size(); ++view)
    folded_[view].Count(now_us, now_nanos, &stats_.views[view]);
  for (const auto& [batch, accepted_nanos, refused] : commit_)
    stats_.freshness.Record(now_nanos - accepted_nanos, static_cast<int64_t>(batch->rows()));
}

}  // namespace skewless
