#include "online/row_schedule.h"

#include <algorithm>

#include "base/check.h"
#include "base/prefetch.h"

namespace skewless {

RowSchedule::RowSchedule(const Options& options)
    : options_(options), window_(options.window), random_(options.seed | 1) {}

RowSchedule::Id RowSchedule::FindOrAdd(uint32_t view, ByteView key, uint64_t hash) {
  Id id = table_.Find(view, key, hash);
  if (id != RowTable::kNone) return id;
  id = table_.Add(view, key, hash);
  if (id == rows_.size()) rows_.emplace_back();
  return id;
}

void RowSchedule::Queue(Id id) {
  Row& row = rows_[id];
  if (row.outstanding()) return;  // a row in flight is queued when it is answered
  row.queued = true;
  ++outstanding_rows_;
  ready_.push_back(id);
}

// ---- what the engine did

void RowSchedule::Changed(const ChangedRows& changed, Sequence last_sequence,
                          int64_t accepted_nanos) {
  const uint64_t number = first_commit_ + commits_.size();
  commits_.push_back({last_sequence, 0});
  for (size_t i = 0; i < changed.rows.size(); ++i) {
    const ChangedRow& change = changed.rows[i];
    PrefetchAhead(changed, i);
    const Id id = FindOrAdd(change.view, changed.key(change), change.hash);
    Row& row = rows_[id];
    row.wanted = std::max(row.wanted, change.sequence);
    Load load;
    load.commit = number;
    load.events = change.events;
    load.oldest_event_us = change.oldest_event_us;
    load.accepted_nanos = accepted_nanos;
    outstanding_events_ += load.events;
    ++commits_.back().loads;
    Merge(&row.waiting, load);
    Queue(id);
  }
  AdvanceKnown();
}

// A commit's rows lie anywhere in the table.
void RowSchedule::PrefetchAhead(const ChangedRows& changed, size_t at) const {
  constexpr size_t kAhead = 8;
  if (at + 2 * kAhead < changed.rows.size()) {
    const ChangedRow& far = changed.rows[at + 2 * kAhead];
    table_.PrefetchSlot(far.view, far.hash);
  }
  if (at + kAhead >= changed.rows.size()) return;
  const ChangedRow& near = changed.rows[at + kAhead];
  const Id id = table_.PrefetchKey(near.view, near.hash);
  if (id != RowTable::kNone) skewless::Prefetch(&rows_[id]);
}

void RowSchedule::Prefetch(Id id) const {
  table_.Prefetch(id);
  const auto* const row = reinterpret_cast<const char*>(&rows_[id]);
  for (size_t at = 0; at < sizeof(Row); at += alignof(Row)) skewless::Prefetch(row + at);
}

// Of two loads the earlier commit counts.
void RowSchedule::Merge(Load* into, const Load& from) {
  if (from.commit != kNoCommit) {
    if (into->commit == kNoCommit) {
      into->commit = from.commit;
    } else {
      const uint64_t later = std::max(into->commit, from.commit);
      into->commit = std::min(into->commit, from.commit);
      --commits_[later - first_commit_].loads;
    }
  }
  into->events += from.events;
  into->oldest_event_us = std::min(into->oldest_event_us, from.oldest_event_us);
  into->accepted_nanos = std::min(into->accepted_nanos, from.accepted_nanos);
}

void RowSchedule::Release(const Load& load) {
  outstanding_events_ -= load.events;
  if (load.commit == kNoCommit) return;
  --commits_[load.commit - first_commit_].loads;
}

void RowSchedule::AdvanceKnown() {
  while (!commits_.empty() && commits_.front().loads == 0) {
    known_sequence_ = std::max(known_sequence_, commits_.front().last_sequence);
    commits_.pop_front();
    ++first_commit_;
  }
}

// ---- what the store turned out to lack

void RowSchedule::BeginCompare(Sequence last_sequence) {
  if (compare_ != kNoCommit) return;  // the one that was begun is not over
  // Held as if a row of it were waiting.
  compare_ = first_commit_ + commits_.size();
  commits_.push_back({last_sequence, 1});
}

bool RowSchedule::Rewrite(const ChangedRow& change, ByteView key) {
  SKEWLESS_CHECK(compare_ != kNoCommit);
  const Id id = FindOrAdd(change.view, key, change.hash);
  Row& row = rows_[id];
  row.wanted = std::max(row.wanted, change.sequence);
  const bool is_new = !row.outstanding();
  if (!row.rewriting) ++rewrites_left_;
  row.rewriting = true;
  Load load;
  load.commit = compare_;
  ++commits_[compare_ - first_commit_].loads;
  Merge(&row.waiting, load);
  Queue(id);
  return is_new;
}

RowSchedule::Id RowSchedule::Due(uint32_t view, ByteView key, uint64_t hash) {
  const Id id = FindOrAdd(view, key, hash);
  rows_[id].due = true;
  Queue(id);
  return id;
}

std::optional<RowSchedule::Unanswered> RowSchedule::UnansweredOf(const ChangedRow& changed,
                                                                 ByteView key) const {
  const Id id = table_.Find(changed.view, key, changed.hash);
  if (id == RowTable::kNone || !rows_[id].in_flight) return std::nullopt;
  return Unanswered{rows_[id].sent, rows_[id].least_us};
}

void RowSchedule::EndCompare() {
  if (compare_ == kNoCommit) return;
  --commits_[compare_ - first_commit_].loads;
  compare_ = kNoCommit;
  AdvanceKnown();
}

// ---- sending

void RowSchedule::Take(size_t most, int64_t now_nanos, Timestamp least_us,
                       std::vector<Departure>* rows) {
  rows->clear();
  const size_t window = window_.size();
  const auto flying = static_cast<size_t>(in_flight_);
  most = std::min(most, window > flying ? window - flying : 0);
  if (refuses_) {
    if (most == 0 || !MayAsk(now_nanos)) return;
    // A new one, too: of several servers one may refuse all that failed.
    TakeFailed(1, INT64_MAX, now_nanos, least_us, rows);
    TakeReady(std::min<size_t>(most, 2), now_nanos, least_us, rows);
    return;
  }
  TakeInTurns(most, now_nanos, least_us, rows);
  was_full_ = static_cast<size_t>(in_flight_) >= window;
}

// One of each kind after the other, as long as there are both: rows that fail by the ten thousand,
// all of one node of a cluster, don't hold up those of the others.
void RowSchedule::TakeInTurns(size_t most, int64_t now_nanos, Timestamp least_us,
                              std::vector<Departure>* rows) {
  for (size_t taken = SIZE_MAX; rows->size() < most && rows->size() != taken;) {
    taken = rows->size();
    if (failed_is_next_) {
      TakeFailed(taken + 1, now_nanos, now_nanos, least_us, rows);
    } else {
      TakeReady(taken + 1, now_nanos, least_us, rows);
    }
    failed_is_next_ = !failed_is_next_;
  }
  TakeFailed(most, now_nanos, now_nanos, least_us, rows);
  TakeReady(most, now_nanos, least_us, rows);
}

// Those whose time comes until `due_nanos`.
void RowSchedule::TakeFailed(size_t most, int64_t due_nanos, int64_t now_nanos, Timestamp least_us,
                             std::vector<Departure>* rows) {
  while (rows->size() < most && !again_.empty()) {
    const Id id = again_.front();
    again_.pop_front();
    ++retried_;
    Depart(id, true, now_nanos, least_us, rows);
  }
  while (rows->size() < most && !retries_.empty() && retries_.front().due_nanos <= due_nanos) {
    const Id id = retries_.front().row;
    std::pop_heap(retries_.begin(), retries_.end());
    retries_.pop_back();
    ++retried_;
    Depart(id, true, now_nanos, least_us, rows);
  }
}

void RowSchedule::TakeReady(size_t most, int64_t now_nanos, Timestamp least_us,
                            std::vector<Departure>* rows) {
  while (rows->size() < most && !ready_.empty()) {
    const Id id = ready_.front();
    ready_.pop_front();
    if (rows_[id].unlogged.size() >= options_.most_unlogged) {
      parked_.push_back(id);
    } else {
      Depart(id, false, now_nanos, least_us, rows);
    }
  }
}

void RowSchedule::Depart(Id id, bool again, int64_t now_nanos, Timestamp least_us,
                         std::vector<Departure>* rows) {
  Row& row = rows_[id];
  row.queued = false;
  row.in_flight = true;
  row.sent_nanos = now_nanos;
  ++in_flight_;
  if (!again) {
    row.least_us = least_us;
    ++least_of_flying_[least_us];
    row.flying = row.waiting;
    row.waiting = {};
    row.due = false;
  }
  rows->push_back({id, again});
}

// ---- what came of it

RowSchedule::Readable RowSchedule::Written(Id id, const Stamp& stamp, int64_t now_nanos) {
  Row& row = rows_[id];
  window_.Answered(row.sent_nanos, now_nanos, was_full_);
  Land(&row);
  Learn(id, stamp);
  // The state may have been read when later changes were in it already.
  const bool all = row.sent >= row.wanted;
  if (all) {
    Merge(&row.flying, row.waiting);
    row.waiting = {};
  }
  Readable readable;
  readable.view = table_.key(id).view;
  readable.events = row.flying.events;
  readable.oldest_event_us = row.flying.oldest_event_us;
  readable.accepted_nanos = row.flying.accepted_nanos;
  Release(row.flying);
  row.flying = {};
  ++written_;
  coalesced_ += std::max<int64_t>(readable.events - 1, 0);
  if (row.rewriting && all) {
    row.rewriting = false;
    --rewrites_left_;
  }
  --outstanding_rows_;
  if (!all || row.due) Queue(id);
  AdvanceKnown();
  return readable;
}

void RowSchedule::Failed(Id id, int64_t now_nanos) {
  Row& row = rows_[id];
  SKEWLESS_CHECK(row.in_flight && !row.queued);
  --in_flight_;
  row.queued = true;
  window_.Failed(row.sent_nanos, now_nanos);
  if (row.failures == 0) ++failing_;
  retries_.push_back({now_nanos + BackoffNanos(row.failures++), id});
  std::push_heap(retries_.begin(), retries_.end());
  NoteFailure(now_nanos);
}

// It is no longer in flight: the store has told what became of it.
void RowSchedule::Land(Row* row) {
  SKEWLESS_CHECK(row->in_flight && !row->queued);
  --in_flight_;
  row->in_flight = false;
  if (row->failures > 0) --failing_;
  NoteAnswer(row->failures > 0);
  row->failures = 0;
  const auto least = least_of_flying_.find(row->least_us);
  if (--least->second == 0) least_of_flying_.erase(least);
}

void RowSchedule::Refused(Id id, int64_t now_nanos) {
  Row& row = rows_[id];
  window_.Answered(row.sent_nanos, now_nanos, was_full_);
  Land(&row);
  Merge(&row.waiting, row.flying);
  row.flying = {};
  --outstanding_rows_;
  Queue(id);
}

void RowSchedule::Learn(Id id, const Stamp& stamp) {
  std::vector<Stamp>& unlogged = rows_[id].unlogged;
  if (std::find(unlogged.begin(), unlogged.end(), stamp) != unlogged.end()) return;
  learned_.push_back({id, stamp});
  ++learned_count_;
  unlogged.push_back(stamp);
  unlogged_order_.push_back(id);
}

void RowSchedule::StampsDurable(uint64_t count) {
  constexpr size_t kAhead = 8;
  SKEWLESS_CHECK(count <= learned_count_);
  for (; durable_count_ < count; ++durable_count_) {
    if (kAhead < unlogged_order_.size()) Prefetch(unlogged_order_[kAhead]);
    const Id id = unlogged_order_.front();
    unlogged_order_.pop_front();
    // A row's stamps become durable in the order that they were learned.
    rows_[id].unlogged.erase(rows_[id].unlogged.begin());
    RemoveIfDone(id);
  }
  if (parked_.empty()) return;
  ready_.insert(ready_.begin(), parked_.begin(), parked_.end());
  parked_.clear();
}

void RowSchedule::RemoveIfDone(Id id) {
  Row& row = rows_[id];
  if (row.outstanding() || !row.unlogged.empty()) return;
  row.wanted = row.sent = 0;
  table_.Remove(id);
}

// ---- what is known

Timestamp RowSchedule::complete_us(Timestamp least_us) const {
  const Timestamp flying =
      least_of_flying_.empty() ? kMaxTimestamp : least_of_flying_.begin()->first;
  return SaturatingSub(std::min(least_us, flying), 1);
}

RowSchedule::Counts RowSchedule::counts() const {
  Counts counts;
  counts.in_flight = in_flight_;
  counts.rows = static_cast<int64_t>(outstanding_rows_);
  counts.events = outstanding_events_;
  counts.window = static_cast<int64_t>(window_.size());
  counts.failing = failing_;
  counts.written = written_;
  counts.coalesced = coalesced_;
  counts.retries = retried_;
  return counts;
}

}  // namespace skewless
