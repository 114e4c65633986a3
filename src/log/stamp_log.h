// The stamp log: what a store with a clock of its own said of when rows came to be readable, beside
// the log whose records they are. A folder of append-only files; who writes it holds the log's
// lock. It is synced lazily: until a stamp is durable here, its row in the store carries it.
// Format: docs/formats/stamps.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"
#include "model/stamp.h"

namespace skewless {

// A view that stamps are of.
struct StampedView {
  std::string name;
  uint64_t fingerprint = 0;  // of the layout of its rows
  bool values = false;  // rows are finished values: stamps tell what time they were computed for
  // Of the source and its key columns: whose rows they are, whatever their features. And of these
  // with the condition: which records are in them. 0: unknown, in files of earlier versions.
  uint64_t keys = 0, records = 0;
  // Not one of the writer's own: as a writer before it had the view, whose last stamps it was to
  // find in the rows. Of these it tells no more than that.
  bool earlier = false;
  // Stamps of the one tell of the other's records, too: the keys mean the same.
  bool IsSameView(const StampedView& other) const {
    const bool known = keys != 0 && other.keys != 0;
    return name == other.name && (known ? keys == other.keys : fingerprint == other.fingerprint);
  }
  bool HasSameRows(const StampedView& other) const {
    return name == other.name && fingerprint == other.fingerprint && values == other.values;
  }
  friend bool operator==(const StampedView&, const StampedView&) = default;
};

struct LoggedStamp {
  uint32_t view = 0;  // among the writer's
  ByteView key;       // as EncodeKeys makes it
  Stamp stamp;
};

// A write that was under way, or may have been, when the store lost rows or the engine before this
// one died, and that the store doesn't have: readers may have had the row's records up to
// `sequence` from `from_us` on, or not, until the rows were lost, which was before `until_us`.
// Only a vector that was read then, and says so itself, tells that they had.
struct LostWrite {
  uint32_t view = 0;  // among the writer's own
  ByteView key;       // as EncodeKeys makes it
  Sequence sequence = 0;
  Timestamp from_us = 0, until_us = 0;
};

// How far the stamps that came so far reach.
struct StampKnowledge {
  Sequence known_sequence = 0;            // the stamps of all records up to here came
  Timestamp complete_us = kMinTimestamp;  // any stamp that did not come is greater
  // Readers were let in at this time, or after it, to the rows of this writer's views: whatever
  // the log held when the writer began was readable by then. kMaxTimestamp: not yet. kMinTimestamp:
  // unknown, in files of earlier versions.
  Timestamp opened_us = kMaxTimestamp;
  bool closed = false;  // the writer ended with nothing left to come
  friend bool operator==(const StampKnowledge&, const StampKnowledge&) = default;
};

std::string StampDirectory(const std::string& log_directory);

struct StampLogOptions {
  std::string directory;
  uint64_t identity = 0;  // of the log
  int64_t epoch = 0;      // of the log's writer: greater than any before
  std::vector<StampedView> views = {};
  uint64_t file_bytes = 256 << 20;
  // The log's; outlives the writer. Null: nobody takes it over.
  const FileLock* lock = nullptr;
  bool take_over = false;
};

// One thread's.
class StampLogWriter {
 public:
  // Verifies the last file, cuts its torn tail, and begins a new one. kCorrupt where what was
  // durable is damaged.
  static Result<std::unique_ptr<StampLogWriter>> Open(FileSystem& files,
                                                      const StampLogOptions& options);
  virtual ~StampLogWriter() = default;
  // What the writer before this one knew, as far as it is durable now.
  virtual const StampKnowledge& recovered() const = 0;
  virtual const std::vector<StampedView>& recovered_views() const = 0;  // its own
  // Views whose last stamps may be in their rows alone: of that writer, and of those before it
  // whose rows none since has gone through. Without those that this one has rows of, and without
  // finished values. Their numbers in stamps come after its own views', in this order.
  virtual const std::vector<StampedView>& earlier_views() const = 0;
  virtual int64_t torn_bytes() const = 0;
  // What was complete when that writer began. A writer before it that was thought dead may have
  // gone on since, and told nobody.
  virtual Timestamp complete_before_us() const = 0;
  // The greatest computed_us of all stamps so far, earlier writers' included; kMinTimestamp: none.
  virtual Timestamp computed_us() const = 0;

  virtual void Add(const LoggedStamp& stamp) = 0;
  virtual void AddLost(const LostWrite& write) = 0;
  // Writes what was added, and how far it reaches. After any error nothing more is written.
  virtual Status Write(const StampKnowledge& known) = 0;
  // Makes all that was written durable. kLocked where the log was taken over.
  virtual Status Sync() = 0;
  virtual int64_t bytes_written() const = 0;
};

// Reads stamps in the order they came, also while a writer appends.
class StampLogReader {
 public:
  // Where there is no folder, there is nothing to read, and something may come.
  static Result<std::unique_ptr<StampLogReader>> Open(FileSystem& files,
                                                      const std::string& directory);
  virtual ~StampLogReader() = default;
  struct Frame {
    int64_t epoch = 0;
    StampKnowledge known;
    // The writer's, and then the earlier ones that it found stamps of; lives with the reader.
    const std::vector<StampedView>* views = nullptr;
    std::vector<LoggedStamp> stamps;  // valid until the next call
    std::vector<LostWrite> lost;      // likewise
  };
  // False at the end of what is whole so far; call again to follow. kCorrupt names file and offset.
  virtual Result<bool> Next(Frame* frame) = 0;

  // Which writers there were, as of now, and when each let readers in.
  struct Writer {
    int64_t epoch = 0;
    std::vector<StampedView> views;  // its own
    // StampKnowledge's; where that is unknown, its first stamp. kMaxTimestamp: it didn't.
    Timestamp opened_us = kMaxTimestamp;
  };
  virtual Result<std::vector<Writer>> Writers() = 0;
};

// What the last writer knows, or knew; nothing where there never was one.
Result<std::optional<StampKnowledge>> ReadStampKnowledge(FileSystem& files,
                                                         const std::string& directory);

}  // namespace skewless
