// Finding the entities of a view's rows among those that labels ask for, some rows ahead of their
// use: the table is far larger than a cache, and so the misses of many rows are under way at once.
#pragma once

#include <algorithm>
#include <array>

#include "kernel/view_kernel.h"
#include "training/label_index.h"

namespace skewless {

inline constexpr size_t kLookupRows = 32;
// Of a block's rows; null where the row is not selected or no label asks for its entity.
using FoundEntities = std::array<LabelIndex::Entity*, kLookupRows>;

// Calls `visit(begin, end, found)` for every block of rows, in order. The times of an entity's
// labels are on their way to the cache, too.
template <typename Visit>
void LookUpEntities(const ViewInput& input, LabelIndex* index, const Visit& visit) {
  const auto prefetch = [&](size_t begin) {
    for (size_t row = begin; row < std::min(input.rows, begin + kLookupRows); ++row)
      index->Prefetch(input.keys.hash[row]);
  };
  const auto find = [&](size_t begin, FoundEntities* found) {
    for (size_t row = begin; row < std::min(input.rows, begin + kLookupRows); ++row) {
      LabelIndex::Entity* const entity =
          input.selected[row] == 0 ? nullptr
                                   : index->Find(input.keys.hash[row], input.keys.key(row));
      if (entity != nullptr) index->PrefetchTimes(*entity);
      (*found)[row - begin] = entity;
    }
  };
  FoundEntities blocks[2];
  prefetch(0);
  prefetch(kLookupRows);
  find(0, &blocks[0]);
  for (size_t begin = 0, block = 0; begin < input.rows; begin += kLookupRows, block ^= 1) {
    prefetch(begin + 2 * kLookupRows);
    find(begin + kLookupRows, &blocks[block ^ 1]);
    visit(begin, std::min(input.rows, begin + kLookupRows), blocks[block]);
  }
}

}  // namespace skewless
