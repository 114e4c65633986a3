// The row writer's thread and what it shares with the engine's. What it does with the store is in
// row_writer_store.cc, and how it comes to know what is there in row_writer_compare.cc.
#include "pipeline/row_writer.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/clock.h"
#include "model/batch.h"

namespace skewless {
namespace {

constexpr DurationUs kBusyWaitUs = 1000;    // for answers, while rows may come to be sent
constexpr DurationUs kIdleWaitUs = 20'000;  // between two looks at a store with nothing to do
constexpr int64_t kNanosPerMicro = 1000;

}  // namespace

RowWriter::RowWriter(const KernelSet& kernels, RowWriterParts parts, Sequence last_sequence,
                     const RowWriterOptions& options)
    : kernels_(kernels),
      options_(options),
      parts_(std::move(parts)),
      schedule_(options.schedule),
      wall_clock_(NewWallClock()),
      last_sequence_(last_sequence),
      written_(parts_.stamps->recovered()),
      handed_sequence_(last_sequence),
      counted_sequence_(last_sequence) {
  written_.opened_us = kMaxTimestamp;
  written_.closed = false;
  stats_.backlog_limit_events = options.schedule.most_events;
  stats_.values = parts_.values;
  // What the log held before is known once it was compared, whatever comes before that.
  schedule_.BeginCompare(last_sequence);
  known_sequence_ = written_.known_sequence;
  // What is written from now on is stamped no earlier than this. The store's clock counts from the
  // start: a log that no store with a clock had before, or only long ago, is folded anew before
  // anything more is heard of it, and would keep all tiles of all its history.
  const Timestamp least = std::max(SaturatingAdd(written_.complete_us, 1), parts_.store_us);
  least_stamp_ = least;
  awaits_clock_ = written_.complete_us == kMinTimestamp;
  computed_us_ = std::max({parts_.stamps->computed_us(), SaturatingSub(least, 1), Timestamp{0}});
  if (!WereValues()) computed_us_ = std::max(computed_us_, parts_.last_available_us);
  for (const StampedView& view : parts_.stamps->earlier_views())
    earlier_.push_back({view.name, view.fingerprint});
  synced_nanos_ = written_nanos_ = MonotonicNanos();
}

RowWriter::~RowWriter() {
  finish_.store(true);
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// Whether the log's records have all been in rows of finished values, of the same views, which were
// all there once. Else some may count from the log's own times, by another clock than the store's.
bool RowWriter::WereValues() const {
  return parts_.stamps->recovered_views() == parts_.views &&
         parts_.stamps->recovered().opened_us != kMaxTimestamp;
}

// ---- the engine's thread

void RowWriter::Start() {
  thread_ = std::thread([this] { Run(); });
}

void RowWriter::Changed(ChangedRows* rows, Sequence last_sequence, int64_t accepted_nanos) {
  handed_sequence_ = last_sequence;
  {
    const std::lock_guard lock(mutex_);
    Handover& handover = handovers_.emplace_back();
    handover.rows = std::move(*rows);
    handover.last_sequence = last_sequence;
    handover.accepted_nanos = accepted_nanos;
    idle_.store(false, std::memory_order_release);
    stats_.caught_up.store(false, std::memory_order_release);
    if (!spare_.empty()) {
      *rows = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  rows->Clear();
  wake_.notify_one();
}

bool RowWriter::behind() const {
  const Sequence counted = counted_sequence_.load(std::memory_order_acquire);
  // Counters begin anew with the log's epoch, whose first commit may not be counted yet.
  const bool same_epoch = EpochOf(counted) == EpochOf(handed_sequence_);
  const int64_t uncounted = CounterOf(handed_sequence_) - (same_epoch ? CounterOf(counted) : 0);
  return uncounted > options_.most_uncounted_events;
}

void RowWriter::GiveRows(uint64_t listing, ChangedRows rows, bool last) {
  {
    const std::lock_guard lock(mutex_);
    Handover& handover = handovers_.emplace_back();
    handover.rows = std::move(rows);
    handover.listing = listing;
    handover.last = last;
    // One part at a time: the next one when this was compared. Where the store has lost rows since
    // it was asked for, another listing is wanted already, and stays so.
    uint64_t given = listing;
    wanted_listing_.compare_exchange_strong(given, 0, std::memory_order_acq_rel);
  }
  wake_.notify_one();
}

Status RowWriter::status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

Status RowWriter::Finish() {
  finish_.store(true);
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (failed()) return status();
  Publish();
  return LogStamps(/*closing=*/drained());
}

Status RowWriter::Owed() const {
  if (drained()) return {};
  const RowSchedule::Counts counts = schedule_.counts();
  const bool trouble =
      watch_.health() == StoreHealth::kAway || watch_.health() == StoreHealth::kRefuses;
  return Fail(
      ErrorCode::kUnavailable,
      (counts.rows > 0 ? "the online store has not taken " + std::to_string(counts.rows) +
                             " rows that changed (" + std::to_string(counts.events) + " events)"
                       : std::string("the online store was not compared with the log")) +
          " before the engine stopped" +
          (trouble ? ": " + watch_.trouble().message : std::string()),
      "All events are in the log: the next start compares, and writes what is missing." +
          (trouble ? " " + watch_.trouble().remedy : std::string()));
}

// ---- its own

void RowWriter::Run() {
  while (!finish_.load(std::memory_order_relaxed) && !failed()) {
    const DurationUs wait_us = WaitTime();
    if (wait_us <= kBusyWaitUs) {
      TakeTurn(wait_us);
      continue;
    }
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, std::chrono::microseconds(wait_us),
                     [this] { return !handovers_.empty() || finish_.load(); });
    }
    TakeTurn(0);
  }
}

DurationUs RowWriter::WaitTime() {
  if (Settled()) return kIdleWaitUs;
  {
    const std::lock_guard lock(mutex_);
    if (!handovers_.empty()) return 0;
  }
  const RowSchedule::Counts counts = schedule_.counts();
  if (connected_ && !comparing_ && schedule_.has_ready() && counts.in_flight < counts.window &&
      parts_.store->room() > 0) {
    return 0;
  }
  if (counts.rows > 0 || comparing_ || opening_) return kBusyWaitUs;
  const DurationUs until_due = SaturatingSub(timers_.next_due_us(), parts_.store->now_us());
  return std::clamp(until_due, kBusyWaitUs, kIdleWaitUs);
}

void RowWriter::TakeTurn(DurationUs wait_us) {
  if (failed()) return;
  if (Settled()) return Publish();
  Status done = Turn(wait_us);
  if (done.has_value()) return;
  const std::lock_guard lock(status_mutex_);
  status_ = std::move(done);
  failed_.store(true, std::memory_order_release);
}

// The end, though the store takes no rows: none are left for it, and every stamp that this writer
// and those before it can have been given is logged. What the store loses the next one finds out.
bool RowWriter::Settled() {
  if (!MaySettle()) return false;
  const std::lock_guard lock(mutex_);
  return !HasCommits();
}

bool RowWriter::MaySettle() const {
  const StoreHealth health = watch_.health();
  if (!ending_.load() || (health != StoreHealth::kAway && health != StoreHealth::kRefuses))
    return false;
  const Sequence known = std::max(written_.known_sequence, schedule_.known_sequence());
  return schedule_.counts().rows == 0 && schedule_.learned().empty() && known >= last_sequence_ &&
         (compared_once_ || parts_.stamps->recovered().closed);
}

// That were handed over and not taken; with the mutex.
bool RowWriter::HasCommits() const {
  return std::any_of(handovers_.begin(), handovers_.end(),
                     [](const Handover& handover) { return handover.listing == 0; });
}

Status RowWriter::Turn(DurationUs wait_us) {
  TakeHandovers();
  SKEWLESS_RETURN_IF_ERROR(PollStore(wait_us));
  NoteIncarnation();
  if (MayAsk() && comparing_) SKEWLESS_RETURN_IF_ERROR(Compare());
  SKEWLESS_RETURN_IF_ERROR(LogStamps(/*closing=*/false));
  // Nothing before the first comparison: what rows carry that nobody logged would be written over.
  if (connected_ && incarnation_ != 0 && !comparing_) {
    TakeDueRows();
    SKEWLESS_RETURN_IF_ERROR(SendRows());
  }
  if (MayAsk() && opening_) SKEWLESS_RETURN_IF_ERROR(OpenForReaders());
  LookAtStore();
  Publish();
  return {};
}

void RowWriter::TakeHandovers() {
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(handovers_);
  }
  for (Handover& handover : taken_) {
    if (handover.listing != 0) {
      if (handover.listing == listing_) listed_.push_back(std::move(handover));
      continue;
    }
    last_sequence_ = handover.last_sequence;
    schedule_.Changed(handover.rows, handover.last_sequence, handover.accepted_nanos);
    const std::lock_guard lock(mutex_);
    if (spare_.size() < 8) spare_.push_back(std::move(handover.rows));
  }
  taken_.clear();
}

void RowWriter::Publish() {
  const RowSchedule::Counts counts = schedule_.counts();
  stats_.in_flight.store(counts.in_flight, std::memory_order_relaxed);
  stats_.backlog_rows.store(counts.rows, std::memory_order_relaxed);
  stats_.backlog_events.store(counts.events, std::memory_order_relaxed);
  stats_.window.store(counts.window, std::memory_order_relaxed);
  stats_.written.store(counts.written, std::memory_order_relaxed);
  stats_.coalesced.store(counts.coalesced, std::memory_order_relaxed);
  stats_.retries.store(counts.retries, std::memory_order_relaxed);
  stats_.stamp_bytes.store(parts_.stamps->bytes_written(), std::memory_order_relaxed);
  stats_.health.store(watch_.health(), std::memory_order_relaxed);
  full_.store(schedule_.full(), std::memory_order_relaxed);
  counted_sequence_.store(last_sequence_, std::memory_order_release);
  const bool may_settle = MaySettle();
  const std::lock_guard lock(mutex_);
  const bool settled = may_settle && !HasCommits();
  const bool caught_up =
      schedule_.idle() && incarnation_ != 0 && !comparing_ && !opening_ && handovers_.empty();
  idle_.store(settled || caught_up, std::memory_order_release);
  // Of a store that is away nobody knows what it still has.
  stats_.caught_up.store(caught_up && connected_, std::memory_order_release);
}

// ---- the stamps

// In lazily synced frames. Rows go out with what is not durable yet, so nothing waits for a sync
// but rows that carry too much.
Status RowWriter::LogStamps(bool closing) {
  for (const RowSchedule::Learned& learned : schedule_.learned()) {
    const RowTable::Key& key = schedule_.key(learned.row);
    parts_.stamps->Add({key.view, AsBytes(key.bytes), learned.stamp});
  }
  const bool any = !schedule_.learned().empty();
  schedule_.ClearLearned();
  StampKnowledge known = written_;
  known.known_sequence = std::max(known.known_sequence, schedule_.known_sequence());
  // While it is compared, what others wrote since the store lost rows is not known yet.
  if (compared_once_ && !comparing_) {
    known.complete_us = std::max(known.complete_us, schedule_.complete_us(least_stamp()));
  }
  known.closed = closing;
  const int64_t now = MonotonicNanos();
  const bool moved = known.known_sequence != written_.known_sequence || closing;
  const bool due = now - written_nanos_ >= options_.write_interval_us * kNanosPerMicro;
  if (any || moved || due || found_stamps_) {
    SKEWLESS_RETURN_IF_ERROR(parts_.stamps->Write(known));
    written_ = known;
    written_nanos_ = now;
    unsynced_stamps_ = schedule_.learned_count();
    unsynced_ = true;
  }
  const bool sync_due = now - synced_nanos_ >= options_.sync_interval_us * kNanosPerMicro;
  if (!unsynced_ || !(sync_due || schedule_.wants_sync() || found_stamps_ || closing)) return {};
  SKEWLESS_RETURN_IF_ERROR(parts_.stamps->Sync());
  unsynced_ = found_stamps_ = false;
  synced_nanos_ = now;
  schedule_.StampsDurable(unsynced_stamps_);
  known_sequence_.store(written_.known_sequence, std::memory_order_release);
  return {};
}

}  // namespace skewless
