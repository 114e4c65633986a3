#include "kernel/merge_records.h"

#include <bit>
#include <cmath>
#include <limits>

#include "kernel/fold_variable.h"
#include "kernel/merge_numeric.h"
#include "kernel/value_counts.h"
#include "kernel/value_list.h"

namespace skewless {
namespace {

bool IsPresent(const Accumulator& a, const uint8_t* payload) {
  return (LoadFlags(payload, a) & kPresentFlag) != 0;
}

// Tiles do not share event times, so the first record is in the first tile that has one.
const uint8_t* FirstTileWithRecord(const Accumulator& a, const TileRange& tiles) {
  const uint8_t* found = nullptr;
  const auto look = [&](const uint8_t* payload) {
    if (found == nullptr && IsPresent(a, payload)) found = payload;
  };
  for (size_t i = 0; i < tiles.count && found == nullptr; ++i) look(tiles.first + i * tiles.stride);
  if (tiles.newest != nullptr) look(tiles.newest);
  return found;
}

const uint8_t* LastTileWithRecord(const Accumulator& a, const TileRange& tiles) {
  const uint8_t* found = nullptr;
  tiles.Backwards([&](const uint8_t* payload) {
    if (IsPresent(a, payload)) found = payload;
    return found == nullptr;
  });
  return found;
}

int CompareSlots(Physical physical, const uint8_t* x, const uint8_t* y, const StateText& text) {
  switch (physical) {
    case Physical::kInt: {
      const auto a = LoadLe<int64_t>(x);
      const auto b = LoadLe<int64_t>(y);
      return (a > b ? 1 : 0) - (a < b ? 1 : 0);
    }
    case Physical::kDouble:
      return CompareDoubles(LoadLe<double>(x), LoadLe<double>(y));
    case Physical::kBytes:
      return text.At(x).compare(text.At(y));
  }
  return 0;
}

// Of equal ones the oldest tile's stays: its record is the earlier one.
const uint8_t* ExtremeTile(const Accumulator& a, const TileRange& tiles, const StateText& text) {
  const bool least = a.kind == AccumulatorKind::kMinBy || a.kind == AccumulatorKind::kMinBytes;
  const uint32_t at = a.is_by() ? a.offset + 8 : a.offset;
  const Physical physical = a.is_by() ? a.order_physical : Physical::kBytes;
  const uint8_t* found = nullptr;
  tiles.ForEach([&](const uint8_t* payload) {
    if (!IsPresent(a, payload)) return;
    if (found != nullptr) {
      const int order = CompareSlots(physical, payload + at, found + at, text);
      if (least ? order >= 0 : order <= 0) return;
    }
    found = payload;
  });
  return found;
}

void SetFromSlot(const Accumulator& a, const uint8_t* slot, const StateText& text, ValueView* out) {
  switch (a.physical) {
    case Physical::kInt:
      out->int_value = LoadLe<int64_t>(slot);
      break;
    case Physical::kDouble:
      SetDouble(LoadLe<double>(slot), out);
      break;
    case Physical::kBytes:
      out->bytes = text.At(slot);
      break;
  }
  out->valid = true;
}

// Entries of a window's lists: those from `skip` on in the first tile's, `total` of them in all.
struct ListSpan {
  const uint8_t* first_tile = nullptr;
  uint32_t skip = 0;
  uint32_t total = 0;
};

ListSpan SpanOf(const Accumulator& a, const TileRange& tiles, const StateText& text) {
  ListSpan span;
  const auto count_of = [&](const uint8_t* payload) {
    return ListReader(a, text.At(payload + a.offset)).count();
  };
  if (a.kind == AccumulatorKind::kFirstList) {
    tiles.ForEach([&](const uint8_t* payload) {
      if (span.total >= a.list_size) return;
      const uint32_t count = count_of(payload);
      if (count > 0 && span.first_tile == nullptr) span.first_tile = payload;
      span.total = std::min(a.list_size, span.total + count);
    });
    return span;
  }
  tiles.Backwards([&](const uint8_t* payload) {
    const uint32_t count = count_of(payload);
    if (count > 0) span.first_tile = payload;
    span.total += count;
    if (span.total < a.list_size) return true;
    span.skip = span.total - a.list_size;
    span.total = a.list_size;
    return false;
  });
  return span;
}

// Calls `visit(entry)` for the span's entries, oldest first.
template <typename Visit>
void ForEachEntry(const Accumulator& a, const TileRange& tiles, const StateText& text,
                  const ListSpan& span, const Visit& visit) {
  bool begun = false;
  uint32_t left = span.total;
  tiles.ForEach([&](const uint8_t* payload) {
    const bool is_first = payload == span.first_tile;
    begun = begun || is_first;
    if (!begun || left == 0) return;
    ListReader reader(a, text.At(payload + a.offset));
    if (is_first) reader.Skip(span.skip);
    ListEntry entry;
    for (; left > 0 && reader.Next(&entry); --left) visit(entry);
  });
}

uint64_t OneNaN(uint64_t raw) {
  const bool is_nan = std::isnan(std::bit_cast<double>(raw));
  return is_nan ? std::bit_cast<uint64_t>(std::numeric_limits<double>::quiet_NaN()) : raw;
}

// The encoding of model/list.h.
void ReadList(const Accumulator& a, const TileRange& tiles, const StateText& text,
              StringArena* arena, ValueView* out) {
  const ListSpan span = SpanOf(a, tiles, text);
  if (span.total == 0) return;
  const bool is_text = a.physical == Physical::kBytes;
  size_t size = sizeof(uint32_t);
  ForEachEntry(a, tiles, text, span, [&](const ListEntry& entry) {
    size += 1;
    if (entry.valid) size += is_text ? sizeof(uint32_t) + entry.bytes.size() : sizeof(uint64_t);
  });
  auto* const bytes = reinterpret_cast<uint8_t*>(arena->Allocate(size));
  StoreLe(bytes, span.total);
  uint8_t* to = bytes + sizeof(uint32_t);
  ForEachEntry(a, tiles, text, span, [&](const ListEntry& entry) {
    *to++ = entry.valid ? 1 : 0;
    if (!entry.valid) return;
    if (!is_text) {
      StoreLe(to, a.physical == Physical::kDouble ? OneNaN(entry.raw) : entry.raw);
      to += sizeof(uint64_t);
      return;
    }
    StoreLe(to, static_cast<uint32_t>(entry.bytes.size()));
    to += sizeof(uint32_t);
    if (!entry.bytes.empty()) std::memcpy(to, entry.bytes.data(), entry.bytes.size());
    to += entry.bytes.size();
  });
  out->bytes = AsText(ByteView(bytes, size));
  out->valid = true;
}

}  // namespace

void ReadRecord(const Accumulator& a, const TileRange& tiles, const StateText& text,
                StringArena* arena, ValueView* out) {
  if (a.is_list()) return ReadList(a, tiles, text, arena, out);
  if (a.kind == AccumulatorKind::kCountBy) {
    ReadCounts(a, tiles, text, arena, out);
    return;
  }
  const uint8_t* tile = nullptr;
  uint32_t value_at = a.offset + 8;
  switch (a.kind) {
    case AccumulatorKind::kFirst:
      tile = FirstTileWithRecord(a, tiles);
      break;
    case AccumulatorKind::kLast:
      tile = LastTileWithRecord(a, tiles);
      break;
    default:
      tile = ExtremeTile(a, tiles, text);
      value_at = a.is_by() ? a.offset + 16 : a.offset;
  }
  if (tile == nullptr || (LoadFlags(tile, a) & kValidFlag) == 0) return;
  SetFromSlot(a, tile + value_at, text, out);
}

}  // namespace skewless
