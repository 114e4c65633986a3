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
#include <optional>
#include <thread>
#include <vector>

#include "kernel/kernel_set.h"
#include "log/stamp_log.h"
#include "online/remote_rows.h"
#include "online/row_schedule.h"
#include "online/row_timers.h"
#include "pipeline/engine_stats.h"
#include "pipeline/row_writer_stats.h"

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
};

struct RowWriterParts {
  std::unique_ptr<RemoteRows> store;
  std::unique_ptr<OnlineReader> states;  // of the engine's own store
  std::unique_ptr<StampLogWriter> stamps;
  uint32_t writer = 0;  // the log's epoch
  bool values = false;  // the store keeps finished values
  // Of the log as the engine found it: values are computed for later times.
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
  // The engine took nothing for so long because of that.
  void CountPushback(int64_t nanos) { stats_.pushback_nanos.fetch_add(nanos); }
  // Which listing of all rows is wanted, from the first row on; 0: none now.
  uint64_t wanted_listing() const { return wanted_listing_.load(std::memory_order_acquire); }
  void GiveRows(uint64_t listing, ChangedRows rows, bool last);
  // No read of what is written from now on is before this.
  Timestamp least_stamp() const { return least_stamp_.load(std::memory_order_relaxed); }
  // The stamps of all records up to here are known, durably.
  Sequence known_sequence() const { return known_sequence_.load(std::memory_order_acquire); }

  // The end is near: what only time changes is left to the next engine, or there is always some.
  void StopTimedWrites() { timed_.store(false, std::memory_order_relaxed); }
  // Everything that was handed over is in the store, and readers are let in.
  bool drained() const { return idle_.load(std::memory_order_acquire); }
  // After the last Changed. Where not all is drained the next engine finds out and goes on.
  Status Finish();
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

  void Run();
  void TakeTurn(DurationUs wait_us);
  Status Turn(DurationUs wait_us);
  DurationUs WaitTime();
  void TakeHandovers();
  Status PollStore(DurationUs wait_us);
  Status TakeAnswer(const RowWritten& answer);
  Status Fence(const RowWritten& answer) const;
  void NoteConnection(const Status& polled);
  void NoteIncarnation();
  Status Compare();
  Status Claim();
  Status CompareRows(const ChangedRows& rows);
  Status CompareRow(const ChangedRow& row, ByteView key, const StoredRow& stored, ByteView state);
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
  std::vector<RowWritten> answers_;
  std::vector<RowSchedule::Departure> departures_;
  std::vector<RowKey> keys_;
  std::vector<RowWrite> writes_;
  std::vector<Bytes> sent_;          // by row: the bytes of its write in flight
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
  std::optional<int64_t> away_nanos_;  // since when
  bool told_away_ = false;

  // ---- comparing
  uint64_t incarnation_ = 0;  // that is compared with, or was
  uint64_t listing_ = 0;      // of it
  std::deque<Handover> listed_;
  bool claimed_ = false;  // nobody older writes from here on
  bool comparing_ = false;
  bool opening_ = false;        // readers are to be let in when all rewritten rows are there
  bool compared_once_ = false;  // since the start: what earlier writers left is known
  Sequence last_sequence_ = 0;  // handed over

  // ---- the stamps
  StampKnowledge written_;
  uint64_t unsynced_stamps_ = 0;  // counted by the schedule when they were written
  bool unsynced_ = false;
  bool found_stamps_ = false;  // in the comparison: durable before any row is written over
  int64_t synced_nanos_ = 0, written_nanos_ = 0;

  // ---- shared
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Handover> handovers_;
  std::vector<Handover> taken_;
  std::vector<ChangedRows> spare_;  // of handovers that were taken
  std::atomic<uint64_t> wanted_listing_{0};
  std::atomic<bool> full_{false}, idle_{false}, failed_{false}, finish_{false}, timed_{true};
  std::atomic<Timestamp> least_stamp_{kMinTimestamp};
  std::atomic<Sequence> known_sequence_{0};
  mutable std::mutex status_mutex_;
  Status status_;
  std::thread thread_;
};

}  // namespace skewless
