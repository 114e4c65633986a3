// The writer of an embedded store. Work per touched row is constant: a row's first record in a
// batch copies its state into a fresh block, later ones fold in place there; Commit moves the
// clock, and the blocks of the batch before last are used again. EmbeddedOptions::in_place: all
// fold in place, behind an odd version number.
#pragma once

#include <vector>

#include "base/file.h"
#include "online/embedded/arena.h"
#include "online/embedded/embedded_store.h"
#include "online/embedded/index.h"

namespace skewless::embedded {

class EmbeddedWriter : public OnlineWriter {
 public:
  static Result<std::unique_ptr<OnlineWriter>> Open(const EmbeddedOptions& options);

  Sequence last_sequence() const override;
  bool usable() const override { return arena_ != nullptr; }
  Status Reset() override;
  Status OpenForReaders() override;
  Timestamp Announce(Timestamp wanted) override;
  Status Fold(int view, const ViewKernel& kernel, const ViewInput& input) override;
  Status Commit(Sequence last_sequence) override;
  void AdvanceReplayClock(Timestamp now) override;
  void TrackChanges() override { tracking_ = true; }
  void TakeChanges(ChangedRows* changed) override;
  bool ListRows(int view, uint64_t* cursor, size_t least, ChangedRows* rows) override;
  // Readers go on with what is there: nobody else may write until this is destroyed.
  Status Close() override;
  std::vector<ViewSize> Sizes() const override;

 private:
  struct View {
    View(Arena& arena, size_t view_number)
        : index(arena, view_number),
          shared(arena.header().views()[view_number]),
          number(view_number) {}
    Index index;
    ArenaView& shared;
    size_t number;
    size_t first_capacity = 0;  // what the last new row's state came to need
  };

  struct RetiredBlock {
    uint32_t unit;
    uint32_t size_class;
  };

  explicit EmbeddedWriter(const EmbeddedOptions& options);
  ArenaTerms terms() const;
  bool replay() const { return options_.replay_clock; }
  ArenaClock& clock() { return arena_->header().clock; }
  Status TakeOver();  // what the writer before this left
  void FreezeReaders(ArenaHeader& header);
  Status RemoveArenasBut(uint64_t generation);
  uint64_t NewGeneration();
  void UseArena(std::unique_ptr<Arena> arena);

  Status FoldRow(View& view, const ViewKernel& kernel, const ViewInput& input, size_t row,
                 uint64_t hash);
  bool FoldNewRow(View& view, const ViewKernel& kernel, const ViewInput& input, size_t row,
                  uint64_t hash);
  bool FoldKnownRow(View& view, const ViewKernel& kernel, const ViewInput& input, size_t row,
                    Slot* slot);
  BlockHeader* BeginVersion(View& view, Slot* slot, BlockHeader* block, Timestamp stamp);
  BlockHeader* BeginInPlace(View& view, Slot* slot, BlockHeader* block);
  BlockHeader* Replace(View& view, Slot* slot, BlockHeader* block, size_t state_capacity);
  size_t Apply(const ViewKernel& kernel, BlockHeader* block, const ViewInput& input, size_t row);
  uint32_t NewBlock(View& view, ByteView key, size_t state_capacity, Timestamp stamp);
  uint32_t CopyBlock(View& view, const BlockHeader* from, size_t state_capacity, Timestamp stamp);
  void Discard(View& view, uint32_t unit);
  Timestamp StampOf(const ViewInput& input, size_t row);
  void EndBatch();
  void NoteFirstChange(BlockHeader* block, const View& view, const ViewInput& input, size_t row,
                       uint64_t hash);
  void NoteChange(const BlockHeader* block, const ViewInput& input, size_t row);

  const EmbeddedOptions options_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<MappedFile> current_;
  std::unique_ptr<Arena> arena_;
  std::vector<View> views_;
  uint64_t open_generation_ = 0;     // that readers use, maybe an older one than arena_; 0: none
  Timestamp floor_ = kMinTimestamp;  // no T that a reader was given is greater

  bool open_ = false;    // readers use arena_
  bool failed_ = false;  // a batch was folded in part: good for nothing but a rebuild
  bool folded_ = false;  // since the last Commit
  bool held_ = false;    // committed, but the replay clock is not there yet
  Timestamp announced_ = kMinTimestamp;    // the last stamp announced
  Timestamp last_folded_ = kMinTimestamp;  // the greatest stamp folded
  std::vector<RetiredBlock> retired_;      // replaced in this batch
  std::vector<RetiredBlock> quarantine_;   // in the batch before: readers may still be in them
  bool tracking_ = false;
  ChangedRows changes_;  // since they were taken; blocks of this batch know their places in it
};

}  // namespace skewless::embedded
