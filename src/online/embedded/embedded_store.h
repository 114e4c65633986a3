// The embedded online store: the engine's own state in a memory-mapped arena that other processes
// map read-only. Rows are copied on the first write in a batch, so a reader always has the version
// before; a sequence lock a slot guards a row's pointers. No crash safety of its own: the log has
// it. Format: docs/formats/arena.md.
#pragma once

#include <functional>

#include "base/file.h"
#include "online/online_store.h"

namespace skewless {

struct EmbeddedOptions {
  std::string directory;
  std::vector<std::string> views;      // names, in the definition's order
  std::vector<uint64_t> fingerprints;  // of their kernels: another layout means a rebuild
  bool replay_clock = false;           // readers' now is AdvanceReplayClock's, not the wall's
  uint64_t log_identity = 0;           // another log means a rebuild
  bool take_over = false;              // from a writer that may stand still, and go on: a rebuild
  // On a wall clock readers are given no earlier T: of the log's last record, say, be it in a view
  // or not. After a power cut nothing else tells of it, and the clock may be behind.
  Timestamp not_before = kMinTimestamp;
  // No version before: rows change where they lie. For a reader that takes each row by itself, as
  // new as it is: a row that it reads is whole, and holds all that was committed, and maybe records
  // of a batch that is not yet; rows read together are not of one instant.
  bool in_place = false;
  // Called between the stores by which a commit is published, where it is set: by simulations, in
  // which others come by then, or the process dies, which an error says. Nothing is done after it.
  std::function<Status()> amid_commit = {};
};

// kLocked where another writer has it.
Result<std::unique_ptr<OnlineWriter>> OpenEmbeddedWriter(const EmbeddedOptions& options);
// May be opened before the writer ever ran (then Read says kUnavailable), and survives the writer's
// restarts: it maps the new arena by itself.
Result<std::unique_ptr<OnlineReader>> OpenEmbeddedReader(const std::string& directory,
                                                         std::vector<std::string> views,
                                                         std::vector<uint64_t> fingerprints);

}  // namespace skewless
