// Sends the rows that each commit changed to a store elsewhere, in a thread of its own, and logs
// the stamps that the store gives. The engine never waits for the store: it hands rows over, and
// takes no more from its sources while full().
//
// What the store should hold is compared with what it holds when the engine starts, and whenever
// the store may have lost rows; then readers are let in. The engine lists its rows for that, some
// at a time.
//
// Where the store keeps finished values (RowWriterParts::values), it computes them for the moment
// that it sends them, and sends a row again when time alone changes them: row_writer_values.cc.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "kernel/kernel_set.h"
#include "log/stamp_log.h"
#include "online/remote_rows.h"
#include "online/row_schedule.h"
#include "online/row_timers.h"
#include "pipeline/engine_stats.h"
#include "pipeline/row_writer_stats.h"
#include "pipeline/store_watch.h"

namespace skewless {

struct RowWriterOptions {
  RowScheduleOptions schedule;
  DurationUs sync_interval_us = 100'000;     // of the stamp log
  DurationUs write_interval_us = 1'000'000;  // at most between two frames, where nothing happens
  size_t rows_per_read = 64;                 // states read at a time
  size_t rows_per_question = 2000;           // in one comparison
  // Rows that only time changed wait in their heap while so many are outstanding: what events
  // changed is not behind all of them.
  int64_t most_due_rows = 4096;
  // A group commit's. The backlog can pass its limits by so many, and those of one commit more.
  int64_t most_uncounted_events = 65'536;
};

struct RowWriterParts {
  std::unique_ptr<RemoteRows> store;
  std::unique_ptr<OnlineReader> states;  // of the engine's own store
  std::unique_ptr<StampLogWriter> stamps;
  std::vector<StampedView> views;                // as they are logged
  std::vector<DurationUs> expire_after_us = {};  // ExpireAfter
  uint32_t writer = 0;                           // the log's epoch
  bool values = false;                           // the store keeps finished values
  Timestamp store_us = kMinTimestamp;            // by its own clock, when it was examined
  // Of the log as the engine found it: the first values are computed for later times.
  Timestamp last_available_us = kMinTimestamp;
  // Freshness is counted there, a record once for each view, when its row is answered for; records
  // of a row that go out together count from the oldest of them. Outlives the writer.
  EngineStats* engine = nullptr;
};

class RowWriter {
 public:
  // `last_sequence`: of the log as the engine found it. `kernels` outlive it.
  RowWriter(const KernelSet& kernels, RowWriterParts parts, Sequence last_sequence,
            const RowWriterOptions& options);
  ~RowWriter();

  // ---- The engine's thread
  void Start();
  // One turn of the thread, for who wants to say when: instead of Start.
  void Step() { TakeTurn(0); }

  // What a commit changed, readable in the engine's own store by now; `rows` comes back empty.
  void Changed(ChangedRows* rows, Sequence last_sequence, int64_t accepted_nanos);
  bool full() const { return full_.load(std::memory_order_relaxed); }
  // More than `most_uncounted_events` of what was handed over is not in full() yet.
  bool behind() const;
  // The store answers, and will tell its time presently: states that are folded before are kept for
  // reads at any time.
  bool awaits_clock() const { return awaits_clock_.load(std::memory_order_relaxed); }
  // The engine took nothing for so long because of that.
  void CountPushback(int64_t nanos) { stats_.pushback_nanos.fetch_add(nanos); }
  // Which listing of all rows is wanted, from the first row on; 0: none now.
  uint64_t wanted_listing() const { return wanted_listing_.load(std::memory_order_acquire); }
  void GiveRows(uint64_t listing, ChangedRows rows, bool last);
  // No read of what is written from now on is before this.
  Timestamp least_stamp() const { return least_stamp_.load(std::memory_order_relaxed); }
  // The stamps of all records up to here are known, durably.
  Sequence known_sequence() const { return known_sequence_.load(std::memory_order_acquire); }

  // Readers were let in, durably.
  bool let_readers_in() const { return let_readers_in_.load(std::memory_order_acquire); }

  // Nothing more is to come, as far as the engine knows: a store that takes no rows, and is owed
  // none, is not waited for, and what only time changes is left to the next engine, or there is
  // always some.
  void EndSoon() { ending_.store(true); }
  // Everything that was handed over is in the store, and readers are let in; or the end has come.
  bool drained() const { return idle_.load(std::memory_order_acquire); }
  // After the last Changed. Where not all is drained the next engine finds out and goes on.
  Status Finish();
  // After Finish: what was not drained, and why. kUnavailable.
  Status Owed() const;
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  Status status() const;

  const RowWriterStats& stats() const { return stats_; }

 private:
  struct Handover {
    ChangedRows rows;
    Sequence last_sequence = 0;
    int64_t accepted_nanos = 0;
    uint64_t listing = 0;  // 0: a commit's
    bool last = false;
  };

  bool WereValues() const;
  void Run();
  void TakeTurn(DurationUs wait_us);
  bool Settled();
  bool MaySettle() const;
  bool HasCommits() const;
  Status Turn(DurationUs wait_us);
  DurationUs WaitTime();
  void TakeHandovers();
  Status PollStore(DurationUs wait_us);
  void PrefetchRow(uint64_t ticket) const;
  Status TakeAnswer(const RowWritten& answer);
  Status Fence(const RowWritten& answer) const;
  void LookAtStore();
  void NoteIncarnation();
  bool MayAsk() const;
  Status TakeRefusal(const Error& error);
  Status Compare();
  Status Claim();
  Status ReadEarlier();
  Status CompareRows(const ChangedRows& rows);
  Status CompareRow(const ChangedRow& row, ByteView key, const StoredRow& stored, ByteView state);
  bool WasLost(const ChangedRow& row) const;
  bool WasStored(uint32_t view) const;
  bool WasKnown(uint32_t view) const;
  bool MayHaveBeenUnderWay(const ChangedRow& row, const StoredRow& stored) const;
  void NoteLostWrite(const ChangedRow& row, ByteView key, const StoredRow& stored);
  Status OpenForReaders();
  Status SendRows();
  Status SendSome(std::span<const RowSchedule::Departure> rows);
  Status ReadStates(std::span<const RowSchedule::Departure> rows);
  Status LogStamps(bool closing);
  // ---- row_writer_values.cc
  Timestamp NextInstant(Timestamp at_least_us);
  void ComputeValues(RowSchedule::Id row, ByteView state);
  bool IsCurrent(const ChangedRow& row, ByteView key, const StoredRow& stored, ByteView state);
  void TakeDueRows();
  void CountLateness(RowSchedule::Id row, Timestamp available_us);
  void Publish();
  std::string Name(RowSchedule::Id row) const;

  const KernelSet& kernels_;
  const RowWriterOptions options_;
  RowWriterParts parts_;
  RowWriterStats stats_;
  RowSchedule schedule_;
  std::unique_ptr<Clock> wall_clock_;
  std::vector<RowWritten> answers_;
  std::vector<RowSchedule::Departure> departures_;
  std::vector<RowKey> keys_;
  std::vector<RowWrite> writes_;
  std::vector<Bytes> sent_;          // by row: the bytes of its write in flight
  std::vector<Bytes> spare_bytes_;   // of writes that were answered
  std::vector<int64_t> sent_nanos_;  // by row
  std::vector<StoredRow> stored_;

  // ---- finished values
  Timestamp computed_us_ = kMinTimestamp;  // no values were computed for a later time
  RowTimers timers_;
  RowTimers::Due due_;
  FeatureVector vector_;
  // By row, when it was due: since then it waits, or is in flight. kMaxTimestamp: it wasn't.
  std::vector<Timestamp> waiting_due_us_, flying_due_us_;

  bool connected_ = false;
  StoreWatch watch_;
  Error away_, refusal_;            // the last of each kind
  bool refuses_questions_ = false;  // the last one
  int64_t ask_after_nanos_ = 0;

  // ---- comparing
  uint64_t incarnation_ = 0;  // that is compared with, or was
  uint64_t listing_ = 0;      // of it
  std::deque<Handover> listed_;
  bool claimed_ = false;  // nobody older writes from here on
  uint32_t claims_ = 0;   // that were tried
  uint32_t claim_ = 0;    // the last one
  // Rows of earlier definitions are gone through first, once.
  std::vector<EarlierRows> earlier_;
  bool reads_earlier_ = false, began_earlier_ = false;
  bool comparing_ = false;
  bool opening_ = false;        // readers are to be let in when all rewritten rows are there
  bool compared_once_ = false;  // since the start: what earlier writers left is known
  Sequence last_sequence_ = 0;  // handed over
  Sequence acknowledged_ = 0;   // of the rows up to here the store had, as it was last known
  int64_t lost_rows_ = 0, newer_rows_ = 0;  // found to be written: it had them; it never had

  // ---- the stamps
  StampKnowledge written_;
  uint64_t unsynced_stamps_ = 0;  // counted by the schedule when they were written
  bool unsynced_ = false;
  bool found_stamps_ = false;  // in the comparison: durable before any row is written over
  int64_t synced_nanos_ = 0, written_nanos_ = 0;

  Sequence handed_sequence_;  // the engine's thread's

  // ---- shared
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Handover> handovers_;
  std::vector<Handover> taken_;
  std::vector<ChangedRows> spare_;  // of handovers that were taken
  std::atomic<uint64_t> wanted_listing_{0};
  std::atomic<bool> full_{false}, idle_{false}, failed_{false}, ending_{false}, finish_{false};
  std::atomic<Timestamp> least_stamp_{kMinTimestamp};
  std::atomic<bool> awaits_clock_{false};
  std::atomic<Sequence> counted_sequence_;  // handed over, and in full_
  std::atomic<Sequence> known_sequence_{0};
  std::atomic<bool> let_readers_in_{false};
  mutable std::mutex status_mutex_;
  Status status_;
  std::thread thread_;
};

}  // namespace skewless
