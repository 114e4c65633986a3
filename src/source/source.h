// Where events come from: batches of typed rows with the positions to resume at.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "decode/dead_letter.h"
#include "definition/definition.h"
#include "model/batch.h"

namespace skewless {

struct SourceProgress {
  int64_t records = 0;  // read so far, dead letters included
  int64_t dead_letters = 0;
  double fraction = 0;  // of the input, for a progress bar; 0..1, files only
};

// How far a source that has several streams is with one of them.
struct StreamProgress {
  std::string stream;
  int64_t position = 0;  // the next record to hand out
  int64_t end = -1;      // behind the last record that is there; -1: not known
  int64_t records = 0;   // handed out, dead letters included
};

// Of a source that others feed while it runs.
struct LiveProgress {
  std::vector<StreamProgress> streams;
  bool away = false;       // none of its servers answers
  int64_t errors = 0;      // that the source got over or still tries to
  int64_t reconnects = 0;  // times that it came back
  int64_t lost = 0;        // records that were gone before they could be read
  int64_t lost_ends = 0;   // times that a stream ended before its position
  int64_t tombstones = 0;  // messages without a value, passed over
};

class Source {
 public:
  virtual ~Source() = default;
  // Fills `batch` (Reset first) with at most `max_rows`. False at the end of a bounded source. File
  // sources under a replay clock come in arrival order, arrival_us set; rows of one arrival may be
  // split over batches; positions[0].offset then counts the rows emitted, so that the engine can
  // stop within a batch. Blocks at most `wait_us` when an unbounded source has nothing (empty
  // batch).
  virtual Result<bool> Next(size_t max_rows, DurationUs wait_us, Batch* batch) = 0;
  virtual SourceProgress progress() const = 0;

  // Of a live source, else empty; from any thread.
  virtual LiveProgress live_progress() const { return {}; }
  // The log holds these positions for good. From any thread.
  virtual void Durable(const std::vector<SourcePosition>& /*positions*/) {}
};

struct SourceOptions {
  std::vector<SourcePosition> resume;     // from the log; empty: from the start
  int64_t sort_memory_bytes = 512 << 20;  // before an unsorted file is sorted through spill files
  std::string spill_directory;            // for those; removed at the end
  bool replay = false;                    // in arrival order, setting arrival_us
  // A source with `follow`, and a topic, goes on with what is appended, and never ends.
  bool follow = false;
  std::function<void(const std::string&)> notice;  // what an operator should know; may be null
};

// `definition` and `schema` within it outlive the source.
Result<std::unique_ptr<Source>> OpenSource(const Definition& definition, int source,
                                           const SourceOptions& options,
                                           DeadLetterSink dead_letters);

// Files that lie in the order of arrivals already, read as under a replay clock but without sorting
// anything. Where a record arrived before the one in front of it, Next fails and `*out_of_order` is
// set: only OpenSource gives those in order. `needed_columns`: by column, 0 where the caller
// doesn't look; such a column may come empty.
Result<std::unique_ptr<Source>> OpenSortedFiles(const Definition& definition, int source,
                                                std::vector<uint8_t> needed_columns,
                                                DeadLetterSink dead_letters, bool* out_of_order);

}  // namespace skewless
