// The engine's turns under a replay clock, which the history's own arrivals drive.
#include <algorithm>
#include <chrono>

#include "pipeline/engine.h"
#include "pipeline/replay_merge.h"

namespace skewless {

Result<Engine::Turn> Engine::ReplayTurn(bool stop, bool wait) {
  if (phase_ == Replay::kNotBegun) {
    std::vector<SourceThread*> threads;
    for (auto& source : sources_) threads.push_back(source.get());
    merge_ = std::make_unique<ReplayMerge>(threads);
    MoveReplayClock(last_available_us_);
    phase_ = Replay::kGoesOn;
  }
  if (phase_ == Replay::kIsOver) return FollowReaders(stop, wait);
  if (stop && phase_ == Replay::kGoesOn) {
    // A stop comes between two instants: the next start's readers may be given the last one at
    // once, so none of its records may be left for later.
    if (stats_.accepted.load(std::memory_order_relaxed) == 0) return Turn::kEnded;
    phase_ = Replay::kEndsInstant;
  }
  const bool stopping = phase_ == Replay::kEndsInstant;
  SKEWLESS_ASSIGN_OR_RETURN(const ReplayMerge::Heads heads,
                            merge_->Fill(std::chrono::milliseconds(wait ? 20 : 0)));
  if (heads == ReplayMerge::Heads::kMissing) return Turn::kIdle;
  if (heads == ReplayMerge::Heads::kEnded) {
    if (stopping) return Turn::kEnded;
    phase_ = Replay::kIsOver;
    // The clock stands at the last arrival, and follows its readers from there.
    MoveReplayClock(last_available_us_);
    return options_.stepped_replay ? Turn::kWorked : Turn::kEnded;
  }
  const Timestamp limit = stopping ? last_available_us_ : gate_.granted();
  Batch* batch = merge_->Take(limit, options_.group_rows);
  if (batch != nullptr) {
    SKEWLESS_RETURN_IF_ERROR(CommitReplayBatch(batch));
    return Turn::kWorked;
  }
  if (stopping) return Turn::kEnded;
  // Everything that arrived up to the limit is readable, and the next record is later.
  MoveReplayClock(limit);
  gate_.Reached(limit);
  if (wait) gate_.WaitBeyond(limit);
  return Turn::kIdle;
}

Result<Engine::Turn> Engine::FollowReaders(bool stop, bool wait) {
  if (stop) return Turn::kEnded;
  const Timestamp limit = gate_.granted();
  MoveReplayClock(limit);
  gate_.Reached(limit);
  if (limit == kMaxTimestamp) return Turn::kEnded;
  if (wait) gate_.WaitBeyond(limit);
  return Turn::kIdle;
}

void Engine::MoveReplayClock(Timestamp time) {
  // Free running, the gate grants all of time: the clock still stands where the history does.
  if (time == kMaxTimestamp) time = last_available_us_;
  if (time <= replay_now_) return;
  replay_now_ = time;
  online_->AdvanceReplayClock(time);
  stats_.clock_us.store(time, std::memory_order_relaxed);
}

// Records are available when they arrived. Those whose time has passed already (a crash came amid
// an instant, or files were added later) are available from the next instant that no reader was
// given.
void Engine::StampReplayBatch(Batch* batch) {
  batch->available_us = batch->arrival_us;
  if (batch->rows() > 0) {
    // Every earlier arrival is readable; this batch's first one is not, nor others of its instant.
    MoveReplayClock(SaturatingSub(batch->arrival_us.front(), 1));
    const Timestamp stamp =
        std::max(online_->Announce(batch->arrival_us.front()), last_available_us_);
    for (Timestamp& available : batch->available_us) {
      if (available >= stamp) break;  // they ascend
      available = stamp;
    }
  }
  batch->processing_us = batch->available_us;
}

Status Engine::CommitReplayBatch(Batch* batch) {
  // Under a replay clock a record comes when its time has come, however long ago it was decoded.
  const int64_t accepted_nanos = MonotonicNanos();
  StampReplayBatch(batch);
  commit_.assign(1, {batch, accepted_nanos});
  SKEWLESS_RETURN_IF_ERROR(CommitStamped());
  if (batch->rows() > 0) last_available_us_ = batch->available_us.back();
  return {};
}

}  // namespace skewless
