#include "kernel/tile_layout.h"

#include <algorithm>
#include <limits>
#include <set>

namespace skewless {
namespace {

bool TouchesHeap(const Accumulator& a) {
  switch (a.kind) {
    case AccumulatorKind::kMinBytes:
    case AccumulatorKind::kMaxBytes:
    case AccumulatorKind::kFirstList:
    case AccumulatorKind::kLastList:
    case AccumulatorKind::kCountBy:
      return true;
    case AccumulatorKind::kFirst:
    case AccumulatorKind::kLast:
      return a.physical == Physical::kBytes;
    case AccumulatorKind::kMinBy:
    case AccumulatorKind::kMaxBy:
      return a.physical == Physical::kBytes || a.order_physical == Physical::kBytes;
    default:
      return false;
  }
}

// The order that TileLayout wants.
int RankOf(const Accumulator& a) {
  if (TouchesHeap(a)) return 2;
  return a.kind == AccumulatorKind::kLast ? 0 : 1;
}

uint32_t SizeOf(const Accumulator& a) {
  switch (a.kind) {
    case AccumulatorKind::kCount:
      return 8;
    case AccumulatorKind::kNumericDouble:
      return LayoutOfParts(false, a.parts).size;
    case AccumulatorKind::kNumericInt:
      return LayoutOfParts(true, a.parts).size;
    case AccumulatorKind::kFirst:
    case AccumulatorKind::kLast:
      return 16;
    case AccumulatorKind::kMinBy:
    case AccumulatorKind::kMaxBy:
    case AccumulatorKind::kDecayed:
      return 24;
    default:
      return 8;
  }
}

uint8_t FoldCodeOf(const Accumulator& a) {
  switch (a.kind) {
    case AccumulatorKind::kCount:
      return a.argument < 0 ? kFoldRowCount : kFoldValueCount;
    case AccumulatorKind::kNumericDouble:
      return static_cast<uint8_t>(kFoldDoubles + a.parts);
    case AccumulatorKind::kNumericInt:
      return static_cast<uint8_t>(kFoldInts + a.parts);
    case AccumulatorKind::kFirst:
      return kFoldFirst;
    case AccumulatorKind::kDecayed:
      return kFoldDecayed;
    default:
      return kFoldExtreme;
  }
}

void AddReferences(TileLayout& layout, const Accumulator& a) {
  const bool is_bytes = a.physical == Physical::kBytes;
  if (a.kind == AccumulatorKind::kMinBytes || a.kind == AccumulatorKind::kMaxBytes ||
      a.kind == AccumulatorKind::kCountBy || a.is_list()) {
    layout.references.push_back(a.offset);
  } else if (a.is_by()) {
    if (a.order_physical == Physical::kBytes) layout.references.push_back(a.offset + 8);
    if (is_bytes) layout.references.push_back(a.offset + 16);
  } else if (is_bytes && a.kind != AccumulatorKind::kCount) {
    layout.references.push_back(a.offset + 8);
  }
}

// Each part starts at what changes no bit of the first value folded into it: -0.0 for sums
// (0.0 + -0.0 would be 0.0), the least and the greatest for max and min (NaN is the greatest).
void InitAccumulator(const Accumulator& a, uint8_t* payload) {
  uint8_t* at = payload + a.offset;
  const bool is_int = a.kind == AccumulatorKind::kNumericInt;
  const NumericLayout layout = LayoutOfParts(is_int, a.parts);
  if (a.kind == AccumulatorKind::kNumericDouble) {
    if ((a.parts & kSumPart) != 0) StoreLe(at + layout.sum, -0.0);
    if ((a.parts & kMinPart) != 0) {
      StoreLe(at + layout.min, std::numeric_limits<double>::quiet_NaN());
    }
    if ((a.parts & kMaxPart) != 0) {
      StoreLe(at + layout.max, -std::numeric_limits<double>::infinity());
    }
  } else if (is_int) {
    if ((a.parts & kMinPart) != 0) StoreLe(at + layout.min, kMaxTimestamp);
    if ((a.parts & kMaxPart) != 0) StoreLe(at + layout.max, kMinTimestamp);
  } else if (a.kind == AccumulatorKind::kLast) {
    StoreLe(at, kMinTimestamp);
  } else if (a.kind == AccumulatorKind::kFirst) {
    StoreLe(at, kMaxTimestamp);
  }
}

void CollectFilters(TileLayout& layout) {
  std::set<int32_t> filters;
  for (const Accumulator& a : layout.accumulators) filters.insert(a.filter);
  layout.always = filters.count(-1) > 0;
  if (!layout.always) layout.filters.assign(filters.begin(), filters.end());
}

// Returns where each accumulator went.
std::vector<size_t> SortAccumulators(TileLayout& layout) {
  std::vector<size_t> order(layout.accumulators.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto rank = [&](size_t i) { return RankOf(layout.accumulators[i]); };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rank(a) < rank(b); });
  std::vector<Accumulator> sorted;
  std::vector<size_t> place(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    layout.lasts += rank(order[i]) == 0 ? 1 : 0;
    layout.fixed += rank(order[i]) < 2 ? 1 : 0;
    sorted.push_back(layout.accumulators[order[i]]);
    place[order[i]] = i;
  }
  layout.accumulators = std::move(sorted);
  return place;
}

}  // namespace

std::vector<size_t> LayOutTile(TileLayout* layout) {
  std::vector<size_t> place = SortAccumulators(*layout);
  uint32_t flagged = 0;
  for (const Accumulator& a : layout->accumulators) flagged += a.has_flags() ? 1U : 0U;
  uint32_t at = (flagged + 31) / 32 * 8;  // 32 accumulators share a flag word
  uint32_t flag = 0;
  for (Accumulator& a : layout->accumulators) {
    a.offset = at;
    a.size = SizeOf(a);
    a.fold_code = FoldCodeOf(a);
    at += a.size;
    if (a.has_flags()) {
      a.flags_at = flag / 32 * 8;
      a.flags_shift = flag % 32 * 2;
      a.flags_mask = (kPresentFlag | kValidFlag) << a.flags_shift;
      ++flag;
    }
    AddReferences(*layout, a);
  }
  layout->fresh.assign(at, 0);
  for (const Accumulator& a : layout->accumulators) InitAccumulator(a, layout->fresh.data());
  CollectFilters(*layout);
  return place;
}

}  // namespace skewless
