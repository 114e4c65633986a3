// History records on their way to the sweep, partitioned so that each partition holds whole
// entities and fits in a cache: in memory or, beyond a limit, in a spill file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/prefetch.h"
#include "base/result.h"
#include "training/huge_pages.h"

namespace skewless {

class RecordPartitions {
 public:
  // A partition grows by blocks of `block_bytes`; a longer record gets a block of its own.
  RecordPartitions(size_t partitions, size_t block_bytes, std::string spill_path);
  ~RecordPartitions();
  size_t count() const { return ends_.size(); }

  // Room for the partition's next record.
  uint8_t* Add(size_t partition, size_t size) {
    End& end = ends_[partition];
    if (size > end.room) NextBlock(partition, size);
    uint8_t* const record = end.next;
    end.next += size;
    end.room -= size;
    return record;
  }
  // Asks for the cache line that the partition's next record begins in.
  void Prefetch(size_t partition) const { skewless::Prefetch(ends_[partition].next); }

  int64_t bytes_in_memory() const { return bytes_in_memory_; }
  int64_t spilled_bytes() const { return spilled_bytes_; }
  // Moves every record to the spill file.
  Status Spill();
  // Call once, before Load.
  Status FinishSpilling();

  // Lets go of all records.
  void Clear();
  // Lets go of those in memory, and keeps the memory for the next ones.
  void Empty();

  // A partition's records in the order they came: those of `runs`, one run after the other.
  struct Records {
    std::vector<ByteView> runs;
    Bytes spilled;  // what the first run looks at
  };
  // Several threads may load at once.
  Status Load(size_t partition, Records* records) const;

 private:
  // Where a partition goes on: all that adding a record looks at.
  struct End {
    uint8_t* next = nullptr;
    size_t room = 0;  // in the last block
  };
  struct Block {
    uint8_t* data;
    size_t size;
  };
  static constexpr size_t kChunkBytes = size_t{2} << 20;
  struct FreeChunk {
    void operator()(uint8_t* memory) const {
      HugePageAllocator<uint8_t>().deallocate(memory, kChunkBytes);
    }
  };
  struct Extent {
    uint64_t offset;
    uint64_t size;
  };
  void NextBlock(size_t partition, size_t size);
  uint8_t* NewBlock();
  // What a partition's i-th block holds.
  ByteView Used(size_t partition, size_t i) const;

  std::vector<End> ends_;  // by partition, as all below
  std::vector<std::vector<Block>> blocks_;
  std::vector<std::vector<Extent>> extents_;
  const size_t block_bytes_;
  std::vector<std::unique_ptr<uint8_t[], FreeChunk>> chunks_;  // what blocks are cut from
  size_t chunk_used_ = 0;                                      // bytes of the last one
  std::vector<uint8_t*> free_blocks_;
  std::vector<Bytes> long_records_;
  int64_t bytes_in_memory_ = 0;
  std::string spill_path_;
  std::unique_ptr<AppendFile> spill_;
  std::unique_ptr<RandomFile> spilled_;
  int64_t spilled_bytes_ = 0;
};

}  // namespace skewless
