// An entity's records in the order in which a window folds them, and the stretch of them that a
// window holds. Private to this room.
#pragma once

#include <compare>
#include <vector>

#include "kernel/kernel_plan.h"
#include "kernel/view_kernel.h"

namespace skewless {

// The records that touch one accumulator, by tile, and in a tile by sequence. All time is one tile.
// By event: each event time is a tile of its own.
struct RecordOrder {
  enum class By : uint8_t { kTile, kEvent, kSequence };
  By by = By::kSequence;
  TileClock clock;         // of kTile
  int32_t argument = -1;   // that has to be valid, or -1
  int32_t filter = -1;     // that has to hold, or -1
  int32_t values_of = -1;  // the argument whose values are wanted

  // Parallel.
  std::vector<uint32_t> row;
  std::vector<int64_t> tile;
  std::vector<Timestamp> available_us;
  std::vector<double> doubles;  // of a double argument
  std::vector<int64_t> ints;    // of an integer argument
  bool one_each = true;         // no tile holds two

  size_t size() const { return row.size(); }
  // Takes the input's rows, all of one entity, in ascending sequence.
  void Fill(const ViewInput& input);
  // The same where another order has taken the very rows that this one takes.
  void FillLike(const RecordOrder& other, const ViewInput& input);

 private:
  void SortByTile();
  void GatherValues(const ViewInput& input);
  struct Placed {
    int64_t tile;
    uint32_t row;
    friend auto operator<=>(const Placed&, const Placed&) = default;
  };
  std::vector<Placed> in_order_, late_, merged_;  // scratch
};

// A window's stretch [begin, end) of an order. Moves forward only: reads come at ascending times.
struct Stretch {
  size_t begin = 0, end = 0;
  void MoveTo(const RecordOrder& order, int64_t first_tile, int64_t last_tile) {
    while (begin < order.size() && order.tile[begin] < first_tile) ++begin;
    if (end < begin) end = begin;
    while (end < order.size() && order.tile[end] <= last_tile) ++end;
  }
};

}  // namespace skewless
