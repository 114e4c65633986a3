// History records on their way to the sweep: packed rows, partitioned so that each partition holds
// whole entities and fits in a cache, in memory or, beyond a limit, in a spill file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "kernel/view_kernel.h"

namespace skewless {

// A record: u32 entity, u32 bytes of its strings, i64 sequence, event, available; then 8 bytes an
// argument (kBytes: u32 offset, u32 length behind the record); then a bit an argument (valid) and a
// bit a filter (true), in whole 8 bytes; then the strings.
class RecordLayout {
 public:
  explicit RecordLayout(const ViewKernel& kernel);
  size_t fixed_bytes() const { return fixed_bytes_; }
  void Append(const ViewInput& input, size_t row, uint32_t entity, Timestamp available_us,
              Bytes* out) const;

  static uint32_t EntityOf(const uint8_t* record) { return LoadLe<uint32_t>(record); }
  size_t SizeOf(const uint8_t* record) const { return fixed_bytes_ + LoadLe<uint32_t>(record + 4); }

  // Records of one entity as the kernel wants them.
  struct Rows {
    ViewInput input;
    std::vector<Sequence> sequence;
    std::vector<Timestamp> event_us, available_us;
  };
  void InitRows(Rows* rows) const;
  void ClearRows(Rows* rows) const;
  void AddRow(const uint8_t* record, Rows* rows) const;
  void FinishRows(Rows* rows) const;  // sets the pointers; call after the last AddRow

 private:
  std::vector<Type> types_;
  size_t filters_ = 0;
  size_t bits_at_ = 0;
  size_t fixed_bytes_ = 0;
  bool has_strings_ = false;
};

// The buffers of all partitions of one view.
class RecordPartitions {
 public:
  RecordPartitions(size_t partitions, std::string spill_path);
  ~RecordPartitions();
  size_t count() const { return buffers_.size(); }
  Bytes& buffer(size_t partition) { return buffers_[partition]; }
  int64_t bytes_in_memory() const;
  int64_t spilled_bytes() const { return spilled_bytes_; }
  // Moves every buffer to the spill file.
  Status Spill();
  // Call once, before Load.
  Status FinishSpilling();
  // The partition's records in the order they came; several threads may load at once.
  Result<Bytes> Load(size_t partition);

 private:
  struct Extent {
    uint64_t offset;
    uint64_t size;
  };
  std::vector<Bytes> buffers_;
  std::vector<std::vector<Extent>> extents_;
  std::string spill_path_;
  std::unique_ptr<AppendFile> spill_;
  std::unique_ptr<RandomFile> spilled_;
  int64_t spilled_bytes_ = 0;
};

}  // namespace skewless
