#include <algorithm>
#include <cstring>

#include "model/column.h"

namespace skewless {
namespace {

constexpr size_t kFirstBlock = size_t{64} << 10;
constexpr size_t kLargestBlock = size_t{8} << 20;
// From this size on a string that the current block has no room for gets a block of its own, so
// that it wastes nothing. Every block is at least this large, so a smaller string fits in a fresh
// one.
constexpr size_t kBigString = size_t{16} << 10;

}  // namespace

std::string_view StringArena::Add(std::string_view text) {
  if (text.empty()) return {};
  char* const to = Allocate(text.size());
  std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

char* StringArena::Allocate(size_t size) {
  used_ += size;
  if (block_ >= blocks_.size() || size > blocks_[block_].size - offset_) {
    if (size >= kBigString) return AllocateBig(size);
    NextBlock();
  }
  char* const at = blocks_[block_].data.get() + offset_;
  offset_ += size;
  return at;
}

// Places a block for `size` bytes alone before the one being filled: one kept from an earlier
// batch, or a new one.
char* StringArena::AllocateBig(size_t size) {
  block_ = std::min(block_, blocks_.size());
  const auto here = blocks_.begin() + static_cast<std::ptrdiff_t>(block_);
  const auto kept =
      here == blocks_.end() ? here : std::find_if(here + 1, blocks_.end(), [&](const Block& block) {
        return block.size >= size;
      });
  if (kept != blocks_.end()) {
    std::rotate(here, kept, kept + 1);
  } else {
    blocks_.insert(here, Block{std::make_unique_for_overwrite<char[]>(size), size});
  }
  return blocks_[block_++].data.get();
}

void StringArena::NextBlock() {
  if (block_ + 1 < blocks_.size()) {
    ++block_;
  } else {
    const size_t size = std::max(next_size_, kFirstBlock);
    next_size_ = std::min(size * 2, kLargestBlock);
    blocks_.push_back(Block{std::make_unique_for_overwrite<char[]>(size), size});
    block_ = blocks_.size() - 1;
  }
  offset_ = 0;
}

void StringArena::Clear() {
  block_ = 0;
  offset_ = 0;
  used_ = 0;
}

}  // namespace skewless
