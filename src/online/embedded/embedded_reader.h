// A reader of an embedded store: one thread's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "online/embedded/arena_format.h"
#include "online/embedded/mapped_file.h"
#include "online/embedded/row_reader.h"
#include "online/online_store.h"

namespace skewless::embedded {

class EmbeddedReader : public OnlineReader {
 public:
  static Result<std::unique_ptr<OnlineReader>> Open(const std::string& directory,
                                                    std::vector<std::string> views,
                                                    std::vector<uint64_t> fingerprints);

  Result<Timestamp> Read(std::span<const RowKey> keys) override;
  ByteView state(size_t i) const override { return {buffer_.at(rows_[i].offset), rows_[i].size}; }
  Result<std::vector<int>> ClosedViews() override;
  Sequence last_committed() const override { return committed_; }

 private:
  EmbeddedReader(std::string directory, std::vector<std::string> views,
                 std::vector<uint64_t> fingerprints);
  Status Attach();  // to the generation that is open now
  Result<Timestamp> ReadAttached(std::span<const RowKey> keys);
  bool WasReplaced();  // the store, by another one in its place
  Status AttachTo(uint64_t generation);
  Status CheckView(size_t view) const;
  void PrepareRows(std::span<const RowKey> keys);
  bool ReadRows(std::span<const RowKey> keys, Timestamp t);
  const ArenaHeader& header() const {
    return *reinterpret_cast<const ArenaHeader*>(arena_->data());
  }

  const std::string directory_;
  const std::vector<std::string> views_;
  const std::vector<uint64_t> fingerprints_;

  std::shared_ptr<const MappedFile> current_;
  int64_t looked_nanos_ = 0;  // whether it is the one still
  std::shared_ptr<const MappedFile> arena_;
  uint64_t generation_ = 0;  // of arena_
  // By the reader's numbers; null where the arena has no such view, or another layout of it.
  std::vector<std::unique_ptr<RowReader>> readers_;

  Timestamp last_read_ = kMinTimestamp;  // T never runs backwards
  uint64_t last_log_ = 0;                // the history that last_read_ is of
  ClockKind last_clock_ = ClockKind::kWall;
  Sequence committed_ = 0;
  std::vector<RowState> rows_;
  StateBuffer buffer_;
};

}  // namespace skewless::embedded
