// The offline tables, made from the log: one folder of Parquet files per view, partitioned by event
// date, each row an event with its times, sequence, input columns and the feature values right
// after it. Files are immutable and appear all at once with the commit that lists them, and small
// ones are merged into larger ones (docs/decisions/compaction.md). Format: docs/formats/offline.md.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "kernel/kernel_set.h"
#include "log/availability.h"
#include "model/batch.h"
#include "offline/compaction_plan.h"
#include "offline/offline_file.h"

namespace skewless {

struct OfflineOptions {
  std::string directory;             // <directory>/<view>/event_date=YYYY-MM-DD/part-*.parquet
  int64_t memory_bytes = 512 << 20;  // buffered rows; beyond it Add commits by itself
  // Where the online store has a clock of its own; null: the log's times hold. Then only records
  // whose stamps are known may be added, and which are settled (SettledThrough) or behind the
  // writer having let readers in.
  std::shared_ptr<Availability> availability = nullptr;
  // The log's; outlives the writer. Null: nobody takes it over.
  const FileLock* lock = nullptr;
  uint64_t log_identity = 0;                                // 0: unknown, fits any tables
  Sequence log_end = std::numeric_limits<Sequence>::max();  // its last record when it was opened
  CompactionOptions compaction = {};
};

class OfflineWriter {
 public:
  // Finishes or undoes what a crash interrupted. `definition` and `kernels` outlive the writer.
  // Tables of another log are kInvalid, and files that no commit wrote kCorrupt: they stay as they
  // are. Tables of other definitions, or that go beyond the log's end, are removed.
  static Result<std::unique_ptr<OfflineWriter>> Open(FileSystem& files,
                                                     const Definition& definition,
                                                     const KernelSet& kernels,
                                                     const OfflineOptions& options);
  virtual ~OfflineWriter() = default;
  // All records up to here are in committed files. The caller replays the log from its start:
  // records up to it only rebuild the writer's states, later ones become rows.
  virtual Sequence committed_sequence() const = 0;
  // Every batch of the log in order, from the first.
  virtual Status Add(const Batch& batch) = 0;
  virtual Status Commit() = 0;  // nothing to do where nothing is buffered
  // A bounded amount of work at making few files of many; true where it did some. For when there is
  // nothing to add.
  virtual Result<bool> Compact() = 0;
  virtual void AbandonCompaction() = 0;  // what is half done: at the end of a life in order
  virtual int64_t buffered_rows() const = 0;
  virtual int64_t committed_rows() const = 0;  // by this writer since it was opened
  virtual int64_t merged_rows() const = 0;     // rows written again, by this writer
  virtual int64_t files() const = 0;           // that the tables consist of
};

// Of event dates, whose years may have a minus or more than four digits.
bool IsEarlierDate(std::string_view a, std::string_view b);
// What the manifests list; with `verify`, each file's checksum and row count too.
Result<std::vector<OfflineFileInfo>> InspectOffline(FileSystem& files, const std::string& directory,
                                                    bool verify);

}  // namespace skewless
