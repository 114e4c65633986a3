#include <algorithm>
#include <cstring>
#include <utility>

#include "model/column.h"

namespace skewless {
namespace {

constexpr size_t kFirstBlock = size_t{64} << 10;
constexpr size_t kLargestBlock = size_t{8} << 20;
// From this size on a string that the current block has no room for gets a block of its own, so
// that it wastes nothing.
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

StringArena::Block StringArena::NewBlock(size_t size) {
  reserved_ += size;
  return {std::make_unique_for_overwrite<char[]>(size), size};
}

char* StringArena::AllocateBig(size_t size) {
  const auto unused = big_.begin() + static_cast<std::ptrdiff_t>(big_used_);
  auto block = std::find_if(unused, big_.end(), [&](const Block& b) { return b.size >= size; });
  if (block == big_.end()) {
    big_.push_back(NewBlock(size));
    block = big_.end() - 1;
  }
  std::swap(*block, big_[big_used_]);
  return big_[big_used_++].data.get();
}

void StringArena::NextBlock() {
  if (block_ + 1 < blocks_.size()) {
    ++block_;
  } else {
    const size_t size = std::max(next_size_, kFirstBlock);
    next_size_ = std::min(size * 2, kLargestBlock);
    blocks_.push_back(NewBlock(size));
    block_ = blocks_.size() - 1;
  }
  offset_ = 0;
}

void StringArena::Swap(StringArena& other) noexcept {
  std::swap(blocks_, other.blocks_);
  std::swap(block_, other.block_);
  std::swap(offset_, other.offset_);
  std::swap(big_, other.big_);
  std::swap(big_used_, other.big_used_);
  std::swap(next_size_, other.next_size_);
  std::swap(used_, other.used_);
  std::swap(reserved_, other.reserved_);
}

void StringArena::Clear() {
  block_ = 0;
  offset_ = 0;
  big_used_ = 0;
  used_ = 0;
}

}  // namespace skewless
