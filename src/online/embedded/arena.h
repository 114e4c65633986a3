// The writer's side of an arena file: its header, and room for blocks and segments. What is freed
// is used again for the same size; nothing is ever given back or moved. Which blocks are free is
// kept beside the file while it is open: there they can be asked for ahead of their use, and
// nothing looks at a block that is let go.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "online/embedded/arena_format.h"
#include "online/embedded/mapped_file.h"

namespace skewless::embedded {

// What an arena must agree with to be of use.
struct ArenaTerms {
  std::span<const std::string> views;
  std::span<const uint64_t> fingerprints;
  ClockKind clock_kind = ClockKind::kWall;
  uint64_t log_identity = 0;
};

uint64_t ViewNameHash(std::string_view name);
uint64_t LayoutHash(std::span<const std::string> views, std::span<const uint64_t> fingerprints);
BootId ThisBoot();
uint64_t IdentityChecksum(const ArenaIdentity& identity);
// Of everything that a closed arena's next writer relies on.
uint64_t ClosedChecksum(const ArenaHeader& header);

// A whole header of this version, of this boot? kVersion where it is newer, else kUnavailable.
Status CheckIdentity(const MappedFile& file);

class Arena {
 public:
  static Result<std::unique_ptr<Arena>> Create(const std::string& path, uint64_t generation,
                                               const ArenaTerms& terms);
  // An arena of another writer before this; its header has been checked (CheckIdentity).
  explicit Arena(std::unique_ptr<MappedFile> file) : file_(std::move(file)) {}

  ArenaHeader& header() { return *reinterpret_cast<ArenaHeader*>(file_->data()); }
  const ArenaHeader& header() const { return *reinterpret_cast<const ArenaHeader*>(file_->data()); }
  bool ClosedCleanly(const ArenaTerms& terms) const;
  void MarkClosed();

  template <typename T>
  T* At(uint32_t unit) {
    return reinterpret_cast<T*>(file_->data() + uint64_t{unit} * kUnitBytes);
  }
  BlockHeader* Block(uint32_t unit) { return At<BlockHeader>(unit); }

  // A unit; 0 where there is no room: then status() says why. Its version is odd; key, state and
  // the other fields are the caller's to fill.
  uint32_t AllocateBlock(uint32_t size_class);
  // Asks for the first cache lines of a block that is about to be written.
  void PrefetchBlock(uint32_t unit) { PrefetchLines(unit, 6); }  // of most states
  // What it holds stays as it is until the place is used again.
  void FreeBlock(uint32_t unit, uint32_t size_class) { free_[size_class].push_back(unit); }
  uint32_t AllocateSegment();  // all slots empty
  void FreeSegment(uint32_t unit);
  uint32_t AllocateZeros(uint64_t bytes, uint64_t alignment);
  const Status& status() const { return status_; }

 private:
  Status Extend(uint64_t bytes);
  uint32_t TakeFreeBlock(uint32_t size_class);
  void ListFreeBlocks();
  void PrefetchLines(uint32_t unit, size_t lines) {
    constexpr size_t kLine = 64;
    for (size_t i = 0; i < lines; ++i) __builtin_prefetch(At<uint8_t>(unit) + i * kLine, 1);
  }

  std::unique_ptr<MappedFile> file_;
  Status status_;
  // By size class; those that the writer before this left are still in the header's lists.
  std::array<std::vector<uint32_t>, kSizeClasses> free_;
};

}  // namespace skewless::embedded
