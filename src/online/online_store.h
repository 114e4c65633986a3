// The online store: each entity's newest state, readable while it is written. One interface; a
// folder a store. The engine's thread is the only writer; readers are many, in this and other
// processes.
//
// Exact availability, with nobody waiting (CONSISTENCY: "Making availability exact"):
//   writer:  Announce(P) before the batch's records get their available stamps >= P; then the log
//            append and sync; Fold for each view; Commit, which publishes all of it at once.
//   reader:  T = now; while a batch is announced and not committed, T = min(T, P - 1); a row that
//            holds a stamp above T is read in its version before.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kernel/view_kernel.h"
#include "online/changed_rows.h"

namespace skewless {

// The writer's side; virtual calls are made once a batch and view, never once an event.
class OnlineWriter {
 public:
  virtual ~OnlineWriter() = default;

  // The newest record that the store holds, and whether it can be used as it is; where it can't
  // (missing, torn, behind another log, another layout) the engine rebuilds it: Reset, then the
  // whole log through Fold and Commit, then Open for readers.
  virtual Sequence last_sequence() const = 0;
  virtual bool usable() const = 0;
  virtual Status Reset() = 0;
  virtual Status OpenForReaders() = 0;  // until then readers get kUnavailable

  // Wall clock: returns the batch's stamp P > every T that a reader was given or will be given
  // before Commit. Replay clock: P is `wanted`, the batch's least arrival, or the next microsecond
  // after one that was read already.
  virtual Timestamp Announce(Timestamp wanted) = 0;
  // Folds the batch's selected rows of view `view` in order; not visible before Commit.
  virtual Status Fold(int view, const ViewKernel& kernel, const ViewInput& input) = 0;
  // Publishes everything folded since the last Commit, at once. Under a replay clock readers see it
  // when the clock has reached the greatest stamp folded.
  virtual Status Commit(Sequence last_sequence) = 0;
  // Readers' now, under a replay clock: everything that arrived up to `now` is committed, and later
  // batches arrive later. It never goes back, and never stops amid the stamps of a batch.
  virtual void AdvanceReplayClock(Timestamp now) = 0;

  // ---- Where the states go on to a store elsewhere
  // From now on every Commit leaves the rows that it changed to be taken.
  virtual void TrackChanges() = 0;
  // Those of the commits since the last call, in place of what `changed` held.
  virtual void TakeChanges(ChangedRows* changed) = 0;
  // Adds rows of a view with the sequence of each, at least `least` of them where there are so
  // many, beginning at `*cursor` (0: the first). False once all were given; rows that come into
  // being between two calls may be given or not.
  virtual bool ListRows(int view, uint64_t* cursor, size_t least, ChangedRows* rows) = 0;

  // A clean end: the next start need not rebuild.
  virtual Status Close() = 0;

  struct ViewSize {
    int64_t rows = 0;
    int64_t bytes = 0;
  };
  virtual std::vector<ViewSize> Sizes() const = 0;
};

struct RowKey {
  int view = 0;
  ByteView key;
};

// One thread's reader. Reading allocates nothing once warm.
class OnlineReader {
 public:
  virtual ~OnlineReader() = default;
  // Whether rows are finished values: then state(i) is the i-th row's vector
  // (docs/formats/vector.md) as it was last computed and written, whole and of the view's outputs.
  virtual bool finished() const { return false; }
  // Reads all rows at one instant T. After it, state(i) is the i-th row's state at T (empty: no
  // such row), valid until the next read. kUnavailable while the store is being rebuilt.
  virtual Result<Timestamp> Read(std::span<const RowKey> keys) = 0;
  virtual ByteView state(size_t i) const = 0;
  // From now on Read gives up where several rows take more bytes than this together, and has not
  // taken many more then.
  void set_most_bytes(size_t most) { most_bytes_ = most; }
  size_t most_bytes() const { return most_bytes_; }
  // Whether the last Read did.
  bool gave_up() const { return gave_up_; }
  // The views, by number, whose rows can't be read now, while others' can. kUnavailable where none
  // can, or the store doesn't answer.
  virtual Result<std::vector<int>> ClosedViews() = 0;
  virtual Sequence last_committed() const = 0;

 protected:
  tl::unexpected<Error> GiveUp() {
    gave_up_ = true;
    return Fail(
        ErrorCode::kInvalid,
        "the rows asked for take more than " + std::to_string(most_bytes_ >> 20) + " MiB together",
        "Ask for fewer entities at a time.");
  }
  void BeginRead() { gave_up_ = false; }

 private:
  size_t most_bytes_ = SIZE_MAX;
  bool gave_up_ = false;
};

}  // namespace skewless
