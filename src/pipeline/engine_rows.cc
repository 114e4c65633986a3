// The engine with a store elsewhere: what it does for the row writer, and with it.
#include <algorithm>
#include <thread>

#include "base/check.h"
#include "base/clock.h"
#include "base/event_log.h"
#include "pipeline/engine.h"
#include "pipeline/offline_thread.h"

namespace skewless {
namespace {

constexpr size_t kRowsListedAtOnce = 10'000;
constexpr auto kPause = std::chrono::milliseconds(1);
constexpr auto kKeepingPause = std::chrono::milliseconds(5);

}  // namespace

Status Engine::OpenRows() {
  SKEWLESS_ASSIGN_OR_RETURN(auto store,
                            options_.parts.open_rows(definition_, kernels_, log_->identity()));
  if (store == nullptr) return {};
  if (replay_) {
    return Fail(ErrorCode::kInvalid,
                "sources say when their records arrived, and the online store has a clock of its "
                "own, which no history moves",
                "Use online: {type: embedded, path: ...} to play a history, or take "
                "arrival_timestamp and delay from the sources.");
  }
  // A wrong one is told before anything is read, and its dead letters published. One that is away,
  // or full, may be right.
  const Result<Timestamp> examined = store->Examine();
  if (!examined) {
    const ErrorCode code = examined.error().code;
    if (code != ErrorCode::kUnavailable && code != ErrorCode::kNoSpace)
      return tl::unexpected<Error>(examined.error());
  }
  RowWriterParts parts;
  parts.store_us = examined.value_or(kMinTimestamp);
  parts.engine = &stats_;
  parts.writer = static_cast<uint32_t>(log_->epoch());
  parts.values = definition_.online.keeps_values();
  parts.last_available_us = log_->recovery().last_available_us;
  parts.store = std::move(store);
  SKEWLESS_ASSIGN_OR_RETURN(const EmbeddedOptions states, EmbeddedStoreOf(definition_, kernels_));
  SKEWLESS_ASSIGN_OR_RETURN(
      parts.states, OpenEmbeddedReader(states.directory, states.views, states.fingerprints));
  StampLogOptions stamps = StampLog();
  parts.views = stamps.views = StampedViewsOf(definition_, kernels_);
  parts.expire_after_us = ExpireAfter(definition_);
  SKEWLESS_ASSIGN_OR_RETURN(parts.stamps, StampLogWriter::Open(files_, stamps));
  rows_ = std::make_unique<RowWriter>(kernels_, std::move(parts), log_->recovery().last_sequence,
                                      options_.rows);
  return {};
}

StampLogOptions Engine::StampLog() const {
  StampLogOptions stamps;
  stamps.directory = StampDirectory(definition_.ResolvePath(definition_.log_path));
  stamps.identity = log_->identity();
  stamps.epoch = log_->epoch();
  stamps.lock = &log_->lock();
  stamps.take_over = options_.take_over;
  return stamps;
}

// Without rows elsewhere, where an earlier engine had some: what that store was never seen to take
// can be read here from now on, and counts from now on. Durable before anybody reads.
Status Engine::LogOpening() {
  const StampLogOptions options = StampLog();
  if (has_rows() || !files_.Exists(options.directory)) return {};
  SKEWLESS_ASSIGN_OR_RETURN(const auto stamps, StampLogWriter::Open(files_, options));
  StampKnowledge known = stamps->recovered();
  // Later than all that the other store is known to have shown, by whatever clock.
  if (known.complete_us != kMinTimestamp)
    last_available_us_ = std::max(last_available_us_, SaturatingAdd(known.complete_us, 2));
  // A replay clock starts at the instant before.
  known.opened_us = replay_ ? SaturatingSub(last_available_us_, 1)
                            : std::max(wall_clock_->Now(), last_available_us_);
  known.closed = true;  // nothing is to come of it
  SKEWLESS_RETURN_IF_ERROR(stamps->Write(known));
  return stamps->Sync();
}

void Engine::StepRows() {
  if (rows_) rows_->Step();
}

// A state drops what no read at or after its records' availability needs. Theirs is the store's to
// say, by its own clock, and only known to be no earlier than this: each write is sent with it, and
// with what its state was folded for, so that holds though the store's clock is set back. What is
// folded while nothing is known of it, as the store is away, keeps all its tiles until the entity's
// next event.
void Engine::LowerAvailability(ViewInput* input) {
  const Timestamp least = rows_->least_stamp();
  lowered_us_.resize(input->rows);
  for (size_t row = 0; row < input->rows; ++row) {
    lowered_us_[row] = std::min(input->available_us[row], least);
  }
  input->available_us = lowered_us_.data();
}

void Engine::HandOverChanges() {
  int64_t accepted = MonotonicNanos();
  for (const AcceptedBatch& batch : group_) accepted = std::min(accepted, batch.accepted_nanos);
  online_->TakeChanges(&changes_);
  rows_->Changed(&changes_, log_->last_sequence(), accepted);
}

// As far as it is known from when records were readable, and no opening to come may tell otherwise:
// what is in a table stays.
void Engine::LetTablesGoOn() {
  if (!offline_) return;
  const bool settled = rows_->let_readers_in();
  const Sequence known = rows_->known_sequence();
  offline_->SetDurable(settled ? known : std::min(known, settled_through_));
}

// What a turn begins with. `*must_wait`: nothing more is to be taken before rows were written.
Status Engine::AttendRows(bool wait, bool* must_wait) {
  if (rows_->failed()) return rows_->status();
  ListRows();
  LetTablesGoOn();
  NotePushback(rows_->full());
  *must_wait = rows_->behind() || rows_->full() || rows_->awaits_clock();
  if (*must_wait && wait) std::this_thread::sleep_for(kPause);
  return {};
}

void Engine::NotePushback(bool full) {
  const int64_t now = MonotonicNanos();
  if (full && pushed_back_nanos_ == 0) {
    if (const auto times = pushbacks_.Add()) {
      LogEvent(EventLevel::kWarning, "backlog of the store is full",
               {{"rows", rows_->stats().backlog_rows.load()},
                {"events", rows_->stats().backlog_events.load()},
                {"times", *times}});
    }
  } else if (pushed_back_nanos_ != 0) {
    rows_->CountPushback(now - pushed_back_nanos_);
  }
  pushed_back_nanos_ = full ? now : 0;
}

void Engine::ListRows() {
  const uint64_t wanted = rows_->wanted_listing();
  if (wanted == 0) return;
  if (wanted != listing_) {
    listing_ = wanted;
    listed_view_ = 0;
    listed_to_ = 0;
  }
  ChangedRows rows;
  const int views = static_cast<int>(kernels_.size());
  while (listed_view_ < views && rows.rows.size() < kRowsListedAtOnce) {
    const size_t left = kRowsListedAtOnce - rows.rows.size();
    if (online_->ListRows(listed_view_, &listed_to_, left, &rows)) continue;
    ++listed_view_;
    listed_to_ = 0;
  }
  rows_->GiveRows(wanted, std::move(rows), listed_view_ == views);
}

// The sources have ended, and readers have not: time goes on to change finished values, and a store
// may lose rows.
Result<Engine::Turn> Engine::KeepRows(bool wait) {
  const bool whole = rows_->let_readers_in() && rows_->known_sequence() >= log_->last_sequence();
  if (!keeps_rows_.load() && whole) {
    keeps_rows_.store(true);
    FinishWatches();
    LetTablesGoOn();
    if (offline_) SKEWLESS_RETURN_IF_ERROR(offline_->Finish());
    if (options_.sources_ended) options_.sources_ended();
  }
  if (wait) std::this_thread::sleep_for(kKeepingPause);
  return Turn::kIdle;
}

// The end, once everything that was accepted is in the store, or it was waited for long enough:
// then Close says what it is owed.
Engine::Turn Engine::DrainRows(bool wait) {
  const int64_t now = MonotonicNanos();
  if (drain_began_nanos_ == 0) drain_began_nanos_ = now;
  rows_->EndSoon();
  const bool takes_rows = rows_->stats().health == StoreHealth::kTakesRows;
  const DurationUs patience =
      takes_rows || !draining_ ? options_.drain_timeout_us : options_.away_timeout_us;
  if (rows_->drained() || now - drain_began_nanos_ > patience * 1000) return Turn::kEnded;
  if (wait) std::this_thread::sleep_for(kPause);
  return Turn::kIdle;
}

Status Engine::FinishRows() {
  SKEWLESS_RETURN_IF_ERROR(rows_->Finish());
  LetTablesGoOn();
  return {};
}

}  // namespace skewless
