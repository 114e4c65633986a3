#include "kernel/scan_one.h"

#include <algorithm>
#include <limits>

#include "kernel/fold_fixed.h"

namespace skewless {

uint64_t CountAvailable(const RecordOrder& order, const Stretch& in, Timestamp t) {
  uint64_t count = 0;
  for (size_t i = in.begin; i < in.end; ++i)
    count += static_cast<uint64_t>(order.available_us[i] <= t ? 1 : 0);
  return count;
}

// As FoldDouble and MergeDoubles do it, from the values that they start at: a tile's sum, and then
// the sum of those. Least and greatest come out the same without that detour.
MergedNumeric ScanDoubles(const RecordOrder& order, const Stretch& in, Timestamp t) {
  uint64_t count = 0;
  double sum = -0.0, tile_sum = -0.0;
  double least = std::numeric_limits<double>::quiet_NaN();
  double greatest = -std::numeric_limits<double>::infinity();
  for (size_t i = in.begin; i < in.end; ++i) {
    if (!order.one_each && i > in.begin && order.tile[i] != order.tile[i - 1]) {
      sum += tile_sum;
      tile_sum = -0.0;
    }
    if (order.available_us[i] > t) continue;
    const double x = order.doubles[i];
    ++count;
    if (order.one_each) {
      sum += x;
    } else {
      tile_sum += x;
    }
    if (ReplacesMin(x, least)) least = x;
    if (ReplacesMax(x, greatest)) greatest = x;
  }
  MergedNumeric merged;
  merged.count = count;
  merged.double_sum = sum + tile_sum;
  merged.double_min = least;
  merged.double_max = greatest;
  return merged;
}

MergedNumeric ScanInts(const RecordOrder& order, const Stretch& in, Timestamp t) {
  MergedNumeric merged;
  merged.int_min = std::numeric_limits<int64_t>::max();
  merged.int_max = std::numeric_limits<int64_t>::min();
  for (size_t i = in.begin; i < in.end; ++i) {
    if (order.available_us[i] > t) continue;
    const int64_t x = order.ints[i];
    ++merged.count;
    merged.int_sum += static_cast<UInt128>(static_cast<Int128>(x));
    merged.int_min = std::min(merged.int_min, x);
    merged.int_max = std::max(merged.int_max, x);
  }
  return merged;
}

// The available record of the least event, of equal ones the first: somewhere in the first tile
// that has one.
size_t FindFirst(const RecordOrder& order, const Stretch& in, const Timestamp* event_us,
                 Timestamp t) {
  size_t found = kNoRecord;
  for (size_t i = in.begin; i < in.end; ++i) {
    if (found != kNoRecord && order.tile[i] != order.tile[found]) break;
    if (order.available_us[i] > t) continue;
    if (found == kNoRecord || event_us[order.row[i]] < event_us[order.row[found]]) found = i;
  }
  return found;
}

// The same from the other end: the greatest event, of equal ones the last.
size_t FindLast(const RecordOrder& order, const Stretch& in, const Timestamp* event_us,
                Timestamp t) {
  size_t found = kNoRecord;
  for (size_t i = in.end; i > in.begin; --i) {
    if (found != kNoRecord && order.tile[i - 1] != order.tile[found]) break;
    if (order.available_us[i - 1] > t) continue;
    if (found == kNoRecord || event_us[order.row[i - 1]] > event_us[order.row[found]])
      found = i - 1;
  }
  return found;
}

}  // namespace skewless
