#include "kernel/fold_variable.h"

#include "kernel/value_counts.h"
#include "kernel/value_list.h"

namespace skewless {
namespace {

// The row's y against the stored one.
int CompareOrder(const Accumulator& a, const uint8_t* stored, const Row& row,
                 const StateHeap* heap) {
  const Column& column = row.argument(a.order);
  switch (a.order_physical) {
    case Physical::kInt: {
      const int64_t x = column.ints[row.index];
      const auto y = LoadLe<int64_t>(stored);
      return (x > y ? 1 : 0) - (x < y ? 1 : 0);
    }
    case Physical::kDouble:
      return CompareDoubles(column.doubles[row.index], LoadLe<double>(stored));
    case Physical::kBytes:
      SKEWLESS_CHECK(heap != nullptr);
      return column.strings[row.index].compare(heap->Get(stored));
  }
  return 0;
}

// Of equal y the earliest record stays; of equal event times the stored one is earlier.
bool ExtremeTakes(const Accumulator& a, const uint8_t* payload, const Row& row,
                  const StateHeap* heap) {
  if (row.argument(a.order).valid[row.index] == 0) return false;
  if ((LoadFlags(payload, a) & kPresentFlag) == 0) return true;
  const uint8_t* at = payload + a.offset;
  const int order = CompareOrder(a, at + 8, row, heap);
  if (order == 0) return row.event_us < LoadLe<Timestamp>(at);
  return a.kind == AccumulatorKind::kMinBy ? order < 0 : order > 0;
}

bool Takes(const Accumulator& a, const uint8_t* payload, const Row& row, const StateHeap& heap) {
  if (!row.Passes(a.filter)) return false;
  if (a.is_by()) return ExtremeTakes(a, payload, row, &heap);
  const Column& column = row.argument(a.argument);
  if (column.valid[row.index] == 0 && !a.respect_nulls) return false;
  if ((LoadFlags(payload, a) & kPresentFlag) == 0) return true;
  const uint8_t* at = payload + a.offset;
  switch (a.kind) {
    case AccumulatorKind::kMinBytes:
      return column.strings[row.index] < heap.Get(at);
    case AccumulatorKind::kMaxBytes:
      return column.strings[row.index] > heap.Get(at);
    case AccumulatorKind::kFirst:
      return row.event_us < LoadLe<Timestamp>(at);
    default:
      return row.event_us >= LoadLe<Timestamp>(at);
  }
}

void PutValue(const Column& column, Physical physical, size_t row, uint8_t* slot, StateHeap* heap) {
  if (physical == Physical::kBytes) {
    SKEWLESS_CHECK(heap != nullptr);
    heap->Assign(slot, column.strings[row]);
  } else {
    StoreLe(slot, RawValue(column, physical, row));
  }
}

void SetPresent(const Accumulator& a, uint8_t* payload, const Row& row) {
  const bool valid = row.argument(a.argument).valid[row.index] != 0;
  SetFlags(payload, a, valid ? kPresentFlag | kValidFlag : kPresentFlag);
}

void TakeExtreme(const Accumulator& a, uint8_t* payload, const Row& row, StateHeap* heap) {
  uint8_t* at = payload + a.offset;
  StoreLe(at, row.event_us);
  PutValue(row.argument(a.order), a.order_physical, row.index, at + 8, heap);
  PutValue(row.argument(a.argument), a.physical, row.index, at + 16, heap);
  SetPresent(a, payload, row);
}

// Where a value of the argument goes, from the accumulator's first byte.
uint32_t ValueAtOffset(const Accumulator& a) {
  const bool has_event = a.kind == AccumulatorKind::kFirst || a.kind == AccumulatorKind::kLast;
  return has_event ? 8 : 0;
}

ListChange ListChangeOf(const Accumulator& a, const uint8_t* payload, const Row& row,
                        const StateHeap& heap) {
  const Column& column = row.argument(a.argument);
  const bool valid = column.valid[row.index] != 0;
  if (!row.Passes(a.filter) || (!valid && !a.respect_nulls)) return {};
  const size_t value_size = a.physical == Physical::kBytes ? column.strings[row.index].size() : 8;
  return PlanListChange(a, heap.Get(payload + a.offset), row.event_us, value_size);
}

void FoldList(const Accumulator& a, uint8_t* payload, const Row& row, StateHeap& heap) {
  const ListChange change = ListChangeOf(a, payload, row, heap);
  if (!change.takes) return;
  const Column& column = row.argument(a.argument);
  uint8_t* slot = payload + a.offset;
  const auto old_length = LoadLe<Reference>(slot).length;
  // Room for the longer of both while entries move about; the same block either way.
  uint8_t* bytes = heap.Resize(slot, std::max<size_t>(old_length, change.length), change.capacity);
  ListEntry entry{row.event_us, column.valid[row.index] != 0, 0, {}};
  if (a.physical == Physical::kBytes) {
    entry.bytes = column.strings[row.index];
  } else {
    entry.raw = RawValue(column, a.physical, row.index);
  }
  ApplyListChange(a, change, old_length, entry, bytes);
  auto reference = LoadLe<Reference>(slot);
  reference.length = static_cast<uint32_t>(change.length);
  StoreLe(slot, reference);
}

void AddOneAt(uint8_t* count) { StoreLe(count, LoadLe<uint64_t>(count) + 1); }

bool IsCounted(const Accumulator& a, const Row& row) {
  return row.Passes(a.filter) && row.argument(a.argument).valid[row.index] != 0;
}

// What the heap must grow by to count the row's value: nothing where it has been counted before.
size_t CountNeed(const Accumulator& a, const uint8_t* slot, const Row& row, const StateHeap& heap) {
  if (!IsCounted(a, row)) return 0;
  const std::string_view value = row.argument(a.argument).strings[row.index];
  const std::string_view block = heap.Get(slot);
  if (FindCount(block, value).found) return 0;
  const size_t length = block.size() + CountEntrySize(value.size());
  return heap.Need(slot, length, CountBlockCapacity(length));
}

void FoldCount(const Accumulator& a, uint8_t* slot, const Row& row, StateHeap& heap) {
  if (!IsCounted(a, row)) return;
  const std::string_view value = row.argument(a.argument).strings[row.index];
  const size_t old_length = heap.Get(slot).size();
  const CountPlace place = FindCount(heap.Get(slot), value);
  if (place.found) {
    AddOneAt(heap.Resize(slot, old_length) + place.at);
    return;
  }
  const size_t length = old_length + CountEntrySize(value.size());
  InsertCount(heap.Resize(slot, length, CountBlockCapacity(length)), old_length, place.at, value);
}

}  // namespace

size_t HeapNeed(const TileLayout& layout, const uint8_t* payload, const Row& row,
                const StateHeap& heap) {
  size_t need = 0;
  for (size_t i = layout.fixed; i < layout.accumulators.size(); ++i) {
    const Accumulator& a = layout.accumulators[i];
    const uint8_t* at = payload + a.offset;
    if (a.kind == AccumulatorKind::kCountBy) {
      need += CountNeed(a, at, row, heap);
      continue;
    }
    if (a.is_list()) {
      const ListChange change = ListChangeOf(a, payload, row, heap);
      if (change.takes) need += heap.Need(at, change.length, change.capacity);
      continue;
    }
    if (!Takes(a, payload, row, heap)) continue;
    if (a.is_by()) {
      if (a.order_physical == Physical::kBytes) {
        need += heap.Need(at + 8, row.argument(a.order).strings[row.index].size());
      }
      if (a.physical == Physical::kBytes) {
        need += heap.Need(at + 16, row.argument(a.argument).strings[row.index].size());
      }
    } else {
      const std::string_view value = row.argument(a.argument).strings[row.index];
      need += heap.Need(at + ValueAtOffset(a), value.size());
    }
  }
  return need;
}

void FoldVariable(const TileLayout& layout, uint8_t* payload, const Row& row, StateHeap& heap) {
  for (size_t i = layout.fixed; i < layout.accumulators.size(); ++i) {
    const Accumulator& a = layout.accumulators[i];
    if (a.kind == AccumulatorKind::kCountBy) {
      FoldCount(a, payload + a.offset, row, heap);
    } else if (a.is_list()) {
      FoldList(a, payload, row, heap);
    } else if (Takes(a, payload, row, heap)) {
      if (a.is_by()) {
        TakeExtreme(a, payload, row, &heap);
        continue;
      }
      uint8_t* at = payload + a.offset;
      if (ValueAtOffset(a) > 0) StoreLe(at, row.event_us);
      heap.Assign(at + ValueAtOffset(a), row.argument(a.argument).strings[row.index]);
      SetPresent(a, payload, row);
    }
  }
}

void FoldExtreme(const Accumulator& a, uint8_t* payload, const Row& row) {
  if (ExtremeTakes(a, payload, row, nullptr)) TakeExtreme(a, payload, row, nullptr);
}

}  // namespace skewless
