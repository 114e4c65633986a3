// From when each record of the log was readable in a store with a clock of its own, for whoever
// goes through the log in sequence order: the training join, the audit, the offline tables.
//
// A record of (view, entity) is available from the first stamp of its row whose sequence is at or
// above its own. Where no writer tells of one before a later writer lets readers in, be it to a
// store of another kind, then from there on: that store has what the log had. Where its epoch's
// writer had no such store, or not that view in it, the log's own available_us holds, from when
// that writer or one behind it let readers in: while none did, nobody can read it.
//
// A view is the same for as long as it has its name, its source and its key columns, whatever its
// features. With another condition its rows were made of other records, so of a record only writers
// with the condition tell that its own writer had. Where that isn't the condition that is asked
// with, one that none of them had told of by the time that all stamps up to it had come may not
// have been among their records, and the log's own time holds for it.
//
// Where rows are finished values, a stamp has two times: from when the write was readable, and what
// it was computed for. Training goes by the latter (training/read_times.h), as what is read at the
// one was computed for the other.
//
// Memory: the stamps between where the log is read and where all records read have theirs, so about
// what the writer had outstanding then (some 100 bytes a row), however long the log.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "log/stamp_log.h"
#include "model/row_table.h"

namespace skewless {

enum class StampTime { kAvailable, kComputed };

class Availability {
 public:
  // `views`: those that will be asked for, by their numbers. Null where no such store ever was:
  // then the log's own times hold throughout.
  static Result<std::unique_ptr<Availability>> Open(FileSystem& files,
                                                    const std::string& log_directory,
                                                    const std::vector<StampedView>& views,
                                                    StampTime time = StampTime::kAvailable);

  // Looks again when writers let readers in: of one that is at work it may have been later than
  // Open.
  Status LookForOpenings();
  // From when records up to here count doesn't change when the last writer lets readers in.
  Sequence SettledThrough() const;
  // Reads on until the stamps of all records up to `sequence` came, or as far as there are any.
  Status Advance(Sequence sequence);
  // Of a record within what Advance was told; in ascending order of sequence. `key_hash` is
  // HashKey's, `logged_us` what the log says. kMaxTimestamp: nobody can read it yet.
  Timestamp Of(uint32_t view, ByteView key, uint64_t key_hash, Sequence sequence,
               Timestamp logged_us);

  // Writes that the store lost before anybody was told of them, of what was read since KeepLost and
  // was `wanted`; their views by our numbers.
  struct Lost {
    uint32_t view = 0;
    bool values = false;  // the row was finished values
    Bytes key;
    Sequence sequence = 0;
    Timestamp from_us = 0, until_us = 0;
  };
  using IsWanted = std::function<bool(uint32_t view, ByteView key)>;
  void KeepLost(IsWanted wanted) { wants_lost_ = std::move(wanted); }
  // Reads on to where the stamps end now, beyond what any record needs.
  Status ReadToEnd();
  const std::vector<Lost>& lost() const { return lost_; }

  // Of all that was read so far: see StampKnowledge.
  const StampKnowledge& known() const { return known_; }

 private:
  struct Told {
    Sequence sequence = 0;
    Timestamp available_us = 0;
    int64_t epoch = 0;   // of the writer that tells of it
    Sequence after = 0;  // it came when the stamps of all records up to here had
  };
  struct Row {
    std::vector<Told> stamps;  // ascending, from `next` on
    size_t next = 0;
  };
  // A writer that had a view in its store.
  struct Writer {
    Timestamp opened_us = kMaxTimestamp;
    bool values = false;
    uint64_t records = 0;  // StampedView
  };
  struct View {
    StampedView name;
    std::map<int64_t, Writer> writers;                  // by epoch
    std::vector<std::pair<uint64_t, uint32_t>> tables;  // of writers' `records`, see TableOf
  };

  Availability(std::unique_ptr<StampLogReader> reader, const std::vector<StampedView>& views,
               StampTime time);
  void NoteWriter(int64_t epoch, const std::vector<StampedView>& views, Timestamp opened_us);
  void TakeFrame(const StampLogReader::Frame& frame);
  static uint64_t RecordsOf(const StampedView& stamped, const View& view);
  // Its rows' number in table_: by the records that rows are made of, they are others.
  uint32_t TableOf(uint32_t view, uint64_t records);
  void AddStamp(uint32_t table, ByteView key, const Told& stamp);
  // With the time that is asked for.
  Told ToldBy(int64_t epoch, const LoggedStamp& stamp) const;
  static void Insert(const Told& stamp, Row* row);
  // Null where none covers it, or not yet.
  const Told* FirstWith(uint32_t table, ByteView key, uint64_t key_hash, Sequence sequence);
  Timestamp OfOwn(const Told* told, int64_t epoch) const;
  Timestamp OpenedBetween(int64_t after_epoch, int64_t before_epoch) const;
  Timestamp OfLogged(const View& view, int64_t epoch, Timestamp logged_us) const;
  void DropPassed();

  std::unique_ptr<StampLogReader> reader_;
  const StampTime time_;
  std::vector<View> views_;
  std::map<int64_t, Timestamp> opened_us_;  // by epoch, of all writers; kMaxTimestamp: not yet
  // By the view numbers of the writer whose frames are read: our numbers, -1: none.
  const std::vector<StampedView>* writer_views_ = nullptr;
  std::vector<int> ours_;
  StampKnowledge known_;
  Sequence most_known_ = 0;  // of all so far
  Sequence passed_ = 0;      // nobody asks for earlier ones
  uint32_t tables_ = 0;
  RowTable table_;
  std::vector<Row> rows_;  // by id
  size_t rows_when_dropped_ = 0;
  IsWanted wants_lost_;  // none: they aren't kept
  std::vector<Lost> lost_;
};

}  // namespace skewless
