// Finding the entities of a view's rows among those that labels ask for, some rows ahead of their
// use: the table is far larger than a cache, and so the misses of many rows are under way at once.
#pragma once

#include <algorithm>
#include <array>

#include "kernel/view_kernel.h"
#include "training/label_index.h"

namespace skewless {

inline constexpr size_t kLookupRows = 32;

// For every selected row whose entity some label asks for, in order: `prepare(row, entity)`, which
// asks for the cache lines that are needed next, and a block of rows later `visit(row, entity)`.
template <typename Prepare, typename Visit>
void LookUpEntities(const ViewInput& input, LabelIndex* index, const Prepare& prepare,
                    const Visit& visit) {
  // Of a block's rows; null where the row is not selected or no label asks for its entity.
  using Found = std::array<LabelIndex::Entity*, kLookupRows>;
  const auto prefetch = [&](size_t begin) {
    for (size_t row = begin; row < std::min(input.rows, begin + kLookupRows); ++row)
      index->Prefetch(input.keys.hash[row]);
  };
  const auto find = [&](size_t begin, Found* found) {
    for (size_t row = begin; row < std::min(input.rows, begin + kLookupRows); ++row) {
      LabelIndex::Entity* const entity =
          input.selected[row] == 0 ? nullptr
                                   : index->Find(input.keys.hash[row], input.keys.key(row));
      if (entity != nullptr) prepare(row, *entity);
      (*found)[row - begin] = entity;
    }
  };
  Found blocks[2];
  prefetch(0);
  prefetch(kLookupRows);
  find(0, &blocks[0]);
  for (size_t begin = 0, block = 0; begin < input.rows; begin += kLookupRows, block ^= 1) {
    prefetch(begin + 2 * kLookupRows);
    find(begin + kLookupRows, &blocks[block ^ 1]);
    for (size_t row = begin; row < std::min(input.rows, begin + kLookupRows); ++row) {
      if (blocks[block][row - begin] != nullptr) visit(row, blocks[block][row - begin]);
    }
  }
}

}  // namespace skewless
