// What a feature view compiles to: which accumulators a tile has and where their bytes lie, which
// tiers of tiles a state has, and how features are read from them. Private to this room.
//
// Features that need the same primitive over the same argument and filter share one accumulator:
// count, sum, avg and max of a column are four parts of one.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "definition/definition.h"
#include "kernel/state.h"
#include "kernel/tile_clock.h"

namespace skewless {

enum class AccumulatorKind : uint8_t {
  kCount,          // rows, or non-null arguments that have no other part
  kNumericDouble,  // count and `parts` of a double
  kNumericInt,     // count and `parts` of an integer
  kFirst,          // (event_us, value)
  kLast,
  kMinBytes,  // (reference)
  kMaxBytes,
  kMinBy,  // (event_us, order value, value)
  kMaxBy,
  kFirstList,  // (reference to sorted entries)
  kLastList,
  kDecayed,  // count, sum at a reference time, that time: the latest event's
  kCountBy,  // (reference to counts by value)
};

// Parts of a numeric accumulator; its count is always there.
enum NumericPart : unsigned { kSumPart = 1, kMinPart = 2, kMaxPart = 4, kMomentsPart = 8 };
inline constexpr unsigned kNumericPartSets = 16;

// Where the parts lie, from the accumulator's first byte: u64 count, then those of `parts`.
struct NumericLayout {
  unsigned sum, min, max, moments, size;
};
constexpr NumericLayout LayoutOfParts(bool is_int, unsigned parts) {
  NumericLayout at{};
  at.sum = 8;
  at.min = at.sum + ((parts & kSumPart) != 0 ? (is_int ? 16U : 8U) : 0U);
  at.max = at.min + ((parts & kMinPart) != 0 ? 8U : 0U);
  at.moments = at.max + ((parts & kMaxPart) != 0 ? 8U : 0U);
  at.size = at.moments + ((parts & kMomentsPart) != 0 ? 16U : 0U);
  return at;
}

template <bool kIsInt, unsigned kParts>
inline constexpr NumericLayout kPartsAt = LayoutOfParts(kIsInt, kParts);

// Two bits of an accumulator in its tile's flag words.
inline constexpr uint64_t kPresentFlag = 1;  // it holds a record
inline constexpr uint64_t kValidFlag = 2;    // whose value is not null

// What FoldFixed jumps by: numeric kinds with their parts, then the others.
enum FoldCode : uint8_t {
  kFoldDoubles = 0,
  kFoldInts = kNumericPartSets,
  kFoldValueCount = 2 * kNumericPartSets,
  kFoldRowCount,
  kFoldFirst,
  kFoldExtreme,
  kFoldDecayed,
};

struct Accumulator {
  AccumulatorKind kind = AccumulatorKind::kCount;
  uint8_t fold_code = kFoldRowCount;
  uint8_t parts = 0;
  bool respect_nulls = false;
  Physical physical = Physical::kInt;        // of the argument
  Physical order_physical = Physical::kInt;  // min_by, max_by: of the y
  int32_t argument = -1;                     // -1: count(*)
  int32_t order = -1;
  int32_t filter = -1;
  uint32_t list_size = 0;
  DurationUs half_life_us = 0;
  uint32_t offset = 0;  // of its bytes in a tile's payload
  uint32_t size = 0;
  uint32_t flags_at = 0;  // of its flag word in the payload
  uint32_t flags_shift = 0;
  uint64_t flags_mask = 0;  // both of its flags, in place
  Type argument_type;

  bool has_flags() const {
    return kind != AccumulatorKind::kCount && kind != AccumulatorKind::kNumericDouble &&
           kind != AccumulatorKind::kNumericInt && kind != AccumulatorKind::kDecayed &&
           kind != AccumulatorKind::kCountBy && !is_list();
  }
  bool is_list() const {
    return kind == AccumulatorKind::kFirstList || kind == AccumulatorKind::kLastList;
  }
  bool is_by() const { return kind == AccumulatorKind::kMinBy || kind == AccumulatorKind::kMaxBy; }
  // Bytes of a list's entry where values have a fixed size: event_us, [valid], value.
  uint32_t list_entry_size() const { return respect_nulls ? 24 : 16; }
};

// The accumulators of one tile: last(x) of fixed sizes, the others that never touch the heap, the
// rest.
struct TileLayout {
  std::vector<Accumulator> accumulators;
  size_t lasts = 0;                  // how many are last(x) of a fixed size
  size_t fixed = 0;                  // how many never touch the heap
  std::vector<uint32_t> references;  // offsets in the payload of (u32 offset, u32 length)
  std::vector<int32_t> filters;      // a row that passes none of them does not touch the tile;
  bool always = false;               // unless this holds
  Bytes fresh;                       // the payload of an empty tile
  uint32_t payload_at = 0;           // in the state: of the newest (or only) tile's payload

  uint32_t payload_size() const { return static_cast<uint32_t>(fresh.size()); }
  bool uses_heap() const { return fixed < accumulators.size(); }
};

// Tiles of one hop, shared by all windows that are cut by it.
struct Tier : TileLayout {
  TileClock clock;
  int64_t tiles = 0;             // of its longest window
  uint32_t head_at = 0;          // in the state: its TierHead
  uint32_t steady_capacity = 0;  // of the array, enough for a window that is always full

  uint32_t tile_size() const { return payload_size() + static_cast<uint32_t>(sizeof(int64_t)); }
  // Tiles before this one are out of every window at `t` and later.
  int64_t FirstLive(Timestamp t) const { return clock.FirstTile(t, tiles); }
};

// One output from an accumulator's merged parts.
struct OutputRead {
  uint32_t output = 0;
  AggregateKind aggregate = AggregateKind::kCount;
  Type type;
};
// One accumulator, merged over one window, serves outputs [begin, end).
struct AccumulatorRead {
  uint32_t accumulator = 0;
  uint32_t begin = 0, end = 0;
};
// One window of a tier (or all time) reads accumulators [begin, end).
struct WindowRead {
  int32_t tier = -1;  // -1: all time
  int64_t tiles = 0;
  uint32_t begin = 0, end = 0;
};

struct KernelPlan {
  const FeatureViewDefinition* view = nullptr;
  size_t schema_columns = 0;
  uint64_t fingerprint = 0;
  bool depends_on_order = false;

  std::vector<Type> argument_types;
  std::vector<const Program*> arguments;
  std::vector<const Program*> filters;

  TileLayout all_time;
  std::vector<Tier> tiers;
  std::vector<const TileLayout*> layouts;  // all_time, then the tiers
  bool has_heap = false;
  uint32_t heap_head_at = 0;  // in the state: its HeapHead
  Bytes empty_state;

  std::vector<WindowRead> windows;
  std::vector<AccumulatorRead> accumulator_reads;
  std::vector<OutputRead> output_reads;

  // Outputs that derived features look at, each once: those need a column of one row.
  std::vector<uint32_t> derived_inputs;
};

Result<std::unique_ptr<KernelPlan>> BuildKernelPlan(const Definition& definition, int view);

}  // namespace skewless
