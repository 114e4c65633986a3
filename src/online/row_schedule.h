// Which row goes out to a store elsewhere, and when: a state machine without threads, clocks or
// I/O, so that a simulation can drive it. What it keeps to:
//   - one write of a row is in flight; what changes the row meanwhile is gathered and goes out
//     together, with the newest state, when that write is answered;
//   - a write that failed is sent again, the same one, until it is answered: it may have taken
//     effect, and only the store knows its stamp;
//   - a row carries those of its stamps that are not yet durable elsewhere, and waits where they
//     become too many;
//   - a store that refuses as a whole (it is full, a replica) is asked by two rows for all, with
//     pauses that grow; once it takes one that it had refused, all go on at once;
//   - records are readable, and their stamps known, in the order of commits: known_sequence().
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "model/row_table.h"
#include "online/changed_rows.h"
#include "online/remote_rows.h"
#include "online/write_window.h"

namespace skewless {

struct RowScheduleOptions {
  // Beyond either the engine takes no more from its sources.
  size_t most_rows = 200'000;
  int64_t most_events = 1'000'000;
  size_t most_unlogged = 16;  // stamps that a row carries
  DurationUs first_backoff_us = 2'000, most_backoff_us = 1'000'000;
  int64_t refused_rows = 16;  // that failed, and none taken between: it refuses as a whole
  WriteWindowOptions window = {};
  uint64_t seed = 0;  // of the jitter
};

class RowSchedule {
 public:
  using Options = RowScheduleOptions;
  using Id = RowTable::Id;
  explicit RowSchedule(const Options& options);

  // ---- What the engine did
  // Rows that a commit changed; it is durable, and readable in the engine's own store.
  void Changed(const ChangedRows& rows, Sequence last_sequence, int64_t accepted_nanos);
  bool full() const { return outstanding_rows_ >= options_.most_rows || too_many_events(); }

  // ---- What the store turned out to lack
  // From here to EndCompare nothing is known of records up to `last_sequence` that wasn't before.
  void BeginCompare(Sequence last_sequence);
  // False where the row was to go out anyway.
  bool Rewrite(const ChangedRow& row, ByteView key);
  void EndCompare();
  // A write that failed, and may have taken effect all the same: up to which record, and no stamp
  // of it is before `least_us`.
  struct Unanswered {
    Sequence sequence = 0;
    Timestamp least_us = 0;
  };
  std::optional<Unanswered> UnansweredOf(const ChangedRow& row, ByteView key) const;
  // Rows whose values change now with no event (form values): each goes out, once what is in flight
  // of it is answered. Its number.
  Id Due(uint32_t view, ByteView key, uint64_t hash);
  int64_t rewrites_left() const { return rewrites_left_; }

  // ---- Sending
  struct Departure {
    Id row = RowTable::kNone;
    bool again = false;  // the same write as before
  };
  // At most so many rows whose time has come; they are in flight from here on. `least_us`: no stamp
  // that the store gives from now on is less.
  void Take(size_t most, int64_t now_nanos, Timestamp least_us, std::vector<Departure>* rows);
  // The state that a row of Take was read with, if it is not sent `again`.
  void SetSent(Id row, Sequence sequence) { rows_[row].sent = sequence; }
  // Rows that wait for no time.
  bool has_ready() const { return !ready_.empty() && !refuses_; }
  const RowTable::Key& key(Id row) const { return table_.key(row); }
  size_t row_limit() const { return table_.limit(); }  // rows' numbers are below it
  // Ask for the memory of a row's key, or of all of it, before it is looked at.
  void PrefetchKey(Id row) const { table_.Prefetch(row); }
  void Prefetch(Id row) const;
  std::span<const Stamp> unlogged(Id row) const { return rows_[row].unlogged; }

  // ---- What came of it
  // What a write made readable: events of a view, counted from the oldest of them. Times only where
  // there are events.
  struct Readable {
    uint32_t view = 0;
    int64_t events = 0;
    Timestamp oldest_event_us = 0;
    int64_t accepted_nanos = 0;
  };
  // Answered, with the row's stamp, which is to be logged.
  Readable Written(Id row, const Stamp& stamp, int64_t now_nanos);
  void Failed(Id row, int64_t now_nanos);
  // Refused, and not because the store has something newer: it goes out again, but read anew.
  void Refused(Id row, int64_t now_nanos);

  // Stamps to log, in the order that they are counted in, since the last call.
  struct Learned {
    Id row = RowTable::kNone;
    Stamp stamp;
  };
  const std::vector<Learned>& learned() const { return learned_; }
  void ClearLearned() { learned_.clear(); }
  uint64_t learned_count() const { return learned_count_; }
  // So many of all that were counted are durable.
  void StampsDurable(uint64_t count);
  // Some row can't be sent before more stamps are durable.
  bool wants_sync() const { return !parked_.empty(); }

  // ---- What is known
  // The stamps of all records up to here.
  Sequence known_sequence() const { return known_sequence_; }
  // Any stamp that is not known is greater. `least_us` as in Take.
  Timestamp complete_us(Timestamp least_us) const;
  bool idle() const { return outstanding_rows_ == 0 && commits_.empty(); }

  struct Counts {
    int64_t in_flight = 0, rows = 0, events = 0, window = 0;
    int64_t failing = 0;  // rows whose last write failed
    int64_t written = 0, coalesced = 0, retries = 0;
  };
  Counts counts() const;

 private:
  static constexpr uint64_t kNoCommit = UINT64_MAX;
  // Events that go out together, and the first commit among theirs. A row that is only written anew
  // has a commit and no events.
  struct Load {
    uint64_t commit = kNoCommit;
    int64_t events = 0;
    Timestamp oldest_event_us = kMaxTimestamp;
    int64_t accepted_nanos = INT64_MAX;  // of the oldest commit that has events
  };
  // What the engine's changes look at lies in the first cache line: their rows are not in the
  // cache.
  struct alignas(64) Row {
    bool queued = false;     // in ready_, parked_ or, to be sent again, in retries_ or again_
    bool in_flight = false;  // sent and not answered, or failed and to be sent again
    bool rewriting = false;
    bool due = false;  // since it was last read
    uint32_t failures = 0;
    Sequence wanted = 0;  // newest change
    Load waiting;
    Sequence sent = 0;
    Load flying;
    int64_t sent_nanos = 0;
    Timestamp least_us = 0;  // when the write was sent first
    std::vector<Stamp> unlogged;
    bool outstanding() const { return queued || in_flight; }
  };
  struct Retry {
    int64_t due_nanos;
    Id row;
    bool operator<(const Retry& other) const { return due_nanos > other.due_nanos; }
  };
  struct Commit {
    Sequence last_sequence = 0;
    int64_t loads = 0;  // whose first commit it is
  };

  bool too_many_events() const { return outstanding_events_ >= options_.most_events; }
  Id FindOrAdd(uint32_t view, ByteView key, uint64_t hash);
  void PrefetchAhead(const ChangedRows& changed, size_t at) const;
  void Queue(Id id);
  void TakeInTurns(size_t most, int64_t now_nanos, Timestamp least_us,
                   std::vector<Departure>* rows);
  void TakeFailed(size_t most, int64_t due_nanos, int64_t now_nanos, Timestamp least_us,
                  std::vector<Departure>* rows);
  void TakeReady(size_t most, int64_t now_nanos, Timestamp least_us, std::vector<Departure>* rows);
  void Depart(Id id, bool again, int64_t now_nanos, Timestamp least_us,
              std::vector<Departure>* rows);
  void Merge(Load* into, const Load& from);
  void Release(const Load& load);
  void AdvanceKnown();
  void Learn(Id id, const Stamp& stamp);
  void RemoveIfDone(Id id);
  void Land(Row* row);
  // ---- row_schedule_refusal.cc
  void NoteFailure(int64_t now_nanos);
  void NoteAnswer(bool had_failed);
  bool MayAsk(int64_t now_nanos);
  int64_t BackoffNanos(uint32_t failures);

  const Options options_;
  RowTable table_;
  std::vector<Row> rows_;  // by id
  std::deque<Id> ready_;
  std::vector<Id> parked_;
  std::vector<Retry> retries_;  // a heap
  std::deque<Id> again_;        // of retries_, whose time has come
  WriteWindow window_;
  bool was_full_ = false;

  // ---- a store that refuses as a whole
  bool refuses_ = false;
  int64_t failures_in_a_row_ = 0;  // of any rows, since one was answered
  uint32_t asked_ = 0;             // since it refused, and none that had failed was taken
  int64_t ask_nanos_ = 0;          // not before

  std::deque<Commit> commits_;  // not yet readable as a whole
  uint64_t first_commit_ = 0;   // number of commits_.front()
  Sequence known_sequence_ = 0;
  uint64_t compare_ = kNoCommit;  // held until the comparison ends
  int64_t rewrites_left_ = 0;

  std::vector<Learned> learned_;
  uint64_t learned_count_ = 0;
  std::deque<Id> unlogged_order_;  // rows of the stamps from durable_count_ on
  uint64_t durable_count_ = 0;

  std::map<Timestamp, int64_t> least_of_flying_;  // how many writes were first sent then
  size_t outstanding_rows_ = 0;
  int64_t outstanding_events_ = 0;
  int64_t in_flight_ = 0;  // sent and not answered
  int64_t failing_ = 0;    // rows with failures
  int64_t written_ = 0, coalesced_ = 0, retried_ = 0;
  bool failed_is_next_ = true;  // where rows that failed and others both wait
  uint64_t random_;
};

}  // namespace skewless
