#include "training/record_partitions.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace skewless {

RecordPartitions::RecordPartitions(size_t partitions, size_t block_bytes, std::string spill_path)
    : ends_(partitions),
      blocks_(partitions),
      extents_(partitions),
      block_bytes_(block_bytes),
      spill_path_(std::move(spill_path)) {
  SKEWLESS_CHECK(block_bytes > 0 && block_bytes <= kChunkBytes);
}

RecordPartitions::~RecordPartitions() {
  // Scratch of this process: nobody reads it after us.
  if (spill_ || spilled_) static_cast<void>(SystemFiles().Remove(spill_path_));
}

uint8_t* RecordPartitions::NewBlock() {
  if (!free_blocks_.empty()) {
    uint8_t* const block = free_blocks_.back();
    free_blocks_.pop_back();
    return block;
  }
  if (chunks_.empty() || chunk_used_ + block_bytes_ > kChunkBytes) {
    chunks_.emplace_back(HugePageAllocator<uint8_t>().allocate(kChunkBytes));
    chunk_used_ = 0;
  }
  uint8_t* const block = chunks_.back().get() + chunk_used_;
  chunk_used_ += block_bytes_;
  return block;
}

void RecordPartitions::NextBlock(size_t partition, size_t size) {
  SKEWLESS_CHECK(size <= std::numeric_limits<uint32_t>::max());
  std::vector<Block>& blocks = blocks_[partition];
  End& end = ends_[partition];
  if (!blocks.empty()) blocks.back().size -= end.room;
  if (size > block_bytes_) {
    long_records_.emplace_back(size);
    blocks.push_back({long_records_.back().data(), size});
  } else {
    blocks.push_back({NewBlock(), block_bytes_});
  }
  end = {blocks.back().data, blocks.back().size};
  bytes_in_memory_ += static_cast<int64_t>(end.room);
}

ByteView RecordPartitions::Used(size_t partition, size_t i) const {
  const std::vector<Block>& blocks = blocks_[partition];
  const size_t room = i + 1 == blocks.size() ? ends_[partition].room : 0;
  return {blocks[i].data, blocks[i].size - room};
}

Status RecordPartitions::Spill() {
  if (!spill_) {
    SKEWLESS_RETURN_IF_ERROR(SystemFiles().CreateDirectories(std::string(ParentPath(spill_path_))));
    SKEWLESS_ASSIGN_OR_RETURN(spill_, SystemFiles().Create(spill_path_));
  }
  for (size_t i = 0; i < count(); ++i) {
    if (blocks_[i].empty()) continue;
    const uint64_t offset = spill_->size();
    for (size_t block = 0; block < blocks_[i].size(); ++block)
      SKEWLESS_RETURN_IF_ERROR(spill_->Append(Used(i, block)));
    extents_[i].push_back({offset, spill_->size() - offset});
    spilled_bytes_ += static_cast<int64_t>(spill_->size() - offset);
  }
  Empty();
  return {};
}

void RecordPartitions::Empty() {
  std::fill(ends_.begin(), ends_.end(), End{});
  for (std::vector<Block>& blocks : blocks_) blocks.clear();
  free_blocks_.clear();
  long_records_.clear();
  for (const auto& chunk : chunks_) {
    for (size_t at = 0; at + block_bytes_ <= kChunkBytes; at += block_bytes_)
      free_blocks_.push_back(chunk.get() + at);
  }
  chunk_used_ = kChunkBytes;
  bytes_in_memory_ = 0;
}

void RecordPartitions::Clear() {
  std::fill(ends_.begin(), ends_.end(), End{});
  for (std::vector<Block>& blocks : blocks_) blocks.clear();
  free_blocks_.clear();
  long_records_.clear();
  chunks_.clear();
  chunk_used_ = kChunkBytes;
  bytes_in_memory_ = 0;
}

Status RecordPartitions::FinishSpilling() {
  if (!spill_) return {};
  spill_.reset();
  SKEWLESS_ASSIGN_OR_RETURN(spilled_, SystemFiles().OpenRead(spill_path_));
  return {};
}

Status RecordPartitions::Load(size_t partition, Records* records) const {
  records->runs.clear();
  size_t size = 0;
  for (const Extent& extent : extents_[partition]) size += extent.size;
  records->spilled.resize(size);
  size_t at = 0;
  for (const Extent& extent : extents_[partition]) {
    SKEWLESS_ASSIGN_OR_RETURN(
        const size_t read,
        spilled_->Read(extent.offset, std::span(records->spilled).subspan(at, extent.size)));
    if (read != extent.size) {
      return Fail(ErrorCode::kCorrupt, spill_path_ + ": the spill file ends early, at offset " +
                                           std::to_string(extent.offset + read));
    }
    at += extent.size;
  }
  if (size > 0) records->runs.emplace_back(records->spilled);
  for (size_t i = 0; i < blocks_[partition].size(); ++i)
    records->runs.push_back(Used(partition, i));
  return {};
}

}  // namespace skewless
