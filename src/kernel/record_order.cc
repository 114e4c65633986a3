#include "kernel/record_order.h"

#include <algorithm>

namespace skewless {

void RecordOrder::Fill(const ViewInput& input) {
  row.clear();
  tile.clear();
  const uint8_t* const valid =
      argument < 0 ? nullptr : input.arguments[static_cast<size_t>(argument)]->valid.data();
  const uint8_t* const passes = filter < 0 ? nullptr : input.filters[static_cast<size_t>(filter)];
  for (size_t i = 0; i < input.rows; ++i) {
    if ((valid != nullptr && valid[i] == 0) || (passes != nullptr && passes[i] == 0)) continue;
    row.push_back(static_cast<uint32_t>(i));
    switch (by) {
      case By::kTile:
        tile.push_back(clock.TileOf(input.event_us[i]));
        break;
      case By::kEvent:
        tile.push_back(input.event_us[i]);
        break;
      case By::kSequence:
        tile.push_back(0);
        break;
    }
  }
  if (!std::is_sorted(tile.begin(), tile.end())) SortByTile();
  one_each = std::adjacent_find(tile.begin(), tile.end()) == tile.end();
  available_us.resize(size());
  for (size_t i = 0; i < size(); ++i) available_us[i] = input.available_us[row[i]];
  GatherValues(input);
}

void RecordOrder::FillLike(const RecordOrder& other, const ViewInput& input) {
  row = other.row;
  tile = other.tile;
  available_us = other.available_us;
  one_each = other.one_each;
  GatherValues(input);
}

// Most records come in the order of their events: only those that don't are sorted.
void RecordOrder::SortByTile() {
  in_order_.clear();
  late_.clear();
  for (size_t i = 0; i < size(); ++i) {
    const bool late = !in_order_.empty() && tile[i] < in_order_.back().tile;
    (late ? late_ : in_order_).push_back({tile[i], row[i]});
  }
  std::sort(late_.begin(), late_.end());
  merged_.resize(size());
  std::merge(in_order_.begin(), in_order_.end(), late_.begin(), late_.end(), merged_.begin());
  for (size_t i = 0; i < size(); ++i) {
    tile[i] = merged_[i].tile;
    row[i] = merged_[i].row;
  }
}

void RecordOrder::GatherValues(const ViewInput& input) {
  doubles.clear();
  ints.clear();
  if (values_of < 0) return;
  const Column& column = *input.arguments[static_cast<size_t>(values_of)];
  if (column.physical() == Physical::kDouble) {
    for (const uint32_t i : row) doubles.push_back(column.doubles[i]);
  } else if (column.physical() == Physical::kInt) {
    for (const uint32_t i : row) ints.push_back(column.ints[i]);
  }
}

}  // namespace skewless
