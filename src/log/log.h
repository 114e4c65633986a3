// The log: the only truth. An append-only sequence of batches in segment files, each frame with its
// checksum; durable (fdatasync) before anything becomes visible online. One writer at a time, by a
// lock; each has an epoch, greater than any before of which something is left. Format:
// docs/formats/log.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "model/batch.h"
#include "model/batch_encoding.h"

namespace skewless {

// A source as the log knows it: its index in the definition is its id in every batch.
struct LoggedSource {
  std::string name;
  Schema schema;
};

struct LogOptions {
  std::string directory;
  int64_t segment_bytes = 256 << 20;
  // Larger batches go into several frames; readers and crashes still see all of a batch or nothing.
  int64_t max_frame_rows = 64 << 10;
  int64_t max_frame_bytes = 16 << 20;
  // From a writer that may stand still with the lock, and does not know it yet when it goes on.
  bool take_over = false;
};

// What opening found and repaired.
struct LogRecovery {
  int64_t segments = 0;
  int64_t records = 0;
  int64_t bytes = 0;
  int64_t torn_bytes = 0;      // cut from the last segment's end
  Sequence last_sequence = 0;  // 0: empty
  Timestamp last_processing_us = kMinTimestamp;
  Timestamp last_available_us = kMinTimestamp;
  std::map<std::pair<std::string, std::string>, int64_t>
      positions;  // (source name, stream) -> offset
};

class LogWriter {
 public:
  // Takes the lock (kLocked names the holder), verifies and repairs the tail, begins a new epoch in
  // a new segment, or the last one anew where nothing came of it. Corruption anywhere but in the
  // tail is an error that names file and offset. A column that is in the log already must keep its
  // type: kInvalid names it.
  //
  // The lock keeps an older writer and this one apart: the kernel holds it for as long as this
  // object lives. With `take_over` this one takes it, and the older one's records count up to the
  // last Sync that returned before: whatever it does later ends with kLocked and is no part of the
  // log (docs/decisions/taking-over.md). On local disks, not on network file systems.
  static Result<std::unique_ptr<LogWriter>> Open(FileSystem& files, const LogOptions& options,
                                                 std::vector<LoggedSource> sources);
  virtual ~LogWriter() = default;
  virtual const LogRecovery& recovery() const = 0;
  virtual uint64_t identity() const = 0;  // drawn once, when the log is made
  virtual int64_t epoch() const = 0;
  virtual Sequence last_sequence() const = 0;

  // Sets batch->sequence and writes a frame. The caller has set processing_us, available_us and
  // applied. Not durable before Sync. A batch without rows is written for its positions only.
  // After any error of Append or Sync the writer refuses everything: what the kernel still holds
  // of unsynced bytes is then unknown and a second fsync would lie about it. Opening the log anew
  // verifies it and goes on after the last durable batch.
  virtual Status Append(Batch* batch) = 0;
  // kLocked where the log was taken over: nothing since the last Sync counts.
  virtual Status Sync() = 0;
  // The lock, for what else belongs to the log's writer. Lives as long as this.
  virtual const FileLock& lock() const = 0;
  // Everything up to it survives a power cut. May be read by any thread.
  virtual Sequence durable_sequence() const = 0;
  virtual int64_t bytes_written() const = 0;
};

// Reads in sequence order, also while a writer appends (in this process or another).
class LogReader {
 public:
  // `sources` give the wanted schemas; batches of sources not named there are skipped.
  static Result<std::unique_ptr<LogReader>> Open(FileSystem& files, const std::string& directory,
                                                 std::vector<LoggedSource> sources);
  virtual ~LogReader() = default;
  // False at the end of what is whole so far (call again later to follow). kCorrupt names segment
  // and offset. batch->source is the index in `sources`; batch->schema points into the reader.
  virtual Result<bool> Next(Batch* batch) = 0;
  // Returns no record beyond this one, until a higher limit is set. Who reads in the writer's
  // process sets its durable_sequence(), and so never sees what a power cut could take back.
  virtual void SetLimit(Sequence last) = 0;
  // Continues after the record with this sequence (skips whole segments and frames by their heads).
  virtual Status SeekAfter(Sequence sequence) = 0;
  virtual Sequence last_sequence() const = 0;  // of the batch returned last
};

struct SegmentInfo {
  std::string file;
  Sequence first_sequence = 0, last_sequence = 0;
  int64_t epoch = 0, frames = 0, records = 0, bytes = 0;
  Timestamp first_processing_us = 0, last_processing_us = 0;
  int64_t torn_bytes = 0;  // at the last segment's end, to be cut when the log is opened to write
};
// Looks at every segment; with `verify`, at every checksum.
Result<std::vector<SegmentInfo>> InspectLog(FileSystem& files, const std::string& directory,
                                            bool verify);

}  // namespace skewless
