// Finding the entities of a view's rows among those that labels ask for, some rows ahead of their
// use: the table is far larger than a cache, and so the misses of many rows are under way at once.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "kernel/view_kernel.h"
#include "training/label_index.h"

namespace skewless {

inline constexpr size_t kLookupRows = 64;

// A row that is wanted, and where its entity stands.
struct WantedRow {
  size_t row;
  LabelIndex::Slot slot;
};

// For every selected row for which `is_wanted(row, bound)` says true of what stands beside its
// entity, in order: `visit`. A block of rows before that `prepare` asks for the cache lines that it
// needs, and a block earlier `locate` for those that tell where they are. Meanwhile the bound may
// have changed.
template <typename IsWanted, typename Locate, typename Prepare, typename Visit>
void LookUpEntities(const ViewInput& input, const LabelIndex& index, const IsWanted& is_wanted,
                    const Locate& locate, const Prepare& prepare, const Visit& visit) {
  struct Block {
    std::array<WantedRow, kLookupRows> wanted;
    size_t count = 0;
    std::span<const WantedRow> rows() const { return {wanted.data(), count}; }
  };
  const auto end_of = [&](size_t begin) { return std::min(input.rows, begin + kLookupRows); };
  const auto prefetch = [&](size_t begin) {
    for (size_t row = begin; row < end_of(begin); ++row)
      index.Prefetch(input.keys.hash[row], input.keys.key(row));
  };
  // Who is wanted is anyone's guess, so no branch depends on it.
  const auto find = [&](size_t begin, Block* block) {
    size_t count = 0;
    for (size_t row = begin; row < end_of(begin); ++row) {
      const LabelIndex::Slot slot = index.Find(input.keys.hash[row], input.keys.key(row));
      block->wanted[count] = {row, slot};
      count += static_cast<size_t>(static_cast<int>(input.selected[row] != 0) &
                                   static_cast<int>(is_wanted(row, index.bound(slot))));
    }
    block->count = count;
  };
  constexpr size_t kStages = 3;  // of a block: found, prepared, visited
  std::array<Block, kStages> blocks;
  const size_t count = (input.rows + kLookupRows - 1) / kLookupRows;
  prefetch(0);
  for (size_t i = 0; i < count + kStages - 1; ++i) {
    const auto stage = [&](size_t behind) -> Block& { return blocks[(i - behind) % kStages]; };
    prefetch((i + 1) * kLookupRows);
    if (i < count) {
      find(i * kLookupRows, &stage(0));
      for (const WantedRow& wanted : stage(0).rows()) locate(wanted);
    }
    if (i >= 1 && i - 1 < count) {
      for (const WantedRow& wanted : stage(1).rows()) prepare(wanted);
    }
    if (i >= 2) {
      for (const WantedRow& wanted : stage(2).rows()) visit(wanted);
    }
  }
}

}  // namespace skewless
