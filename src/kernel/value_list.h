// The values of last(x, n) and first(x, n) in a heap block: entries ascending by (event_timestamp,
// sequence). Values of eight bytes have entries of one size: i64 event_us, then, under respect
// nulls, u64 valid, then the value. Text has a head (u32 count, u32 where the last entry begins)
// and entries of i64 event_us, u32 length, u32 valid and the bytes. Private to this room.
//
// A list of the last n may hold an eighth more than n, so that the oldest leave many at a time and
// an event in order costs the same however long the list is.
#pragma once

#include <string_view>

#include "kernel/kernel_plan.h"

namespace skewless {

struct ListEntry {
  Timestamp event_us = 0;
  bool valid = true;
  uint64_t raw = 0;        // a value of eight bytes
  std::string_view bytes;  // text
};

// Walks the entries of a block in their order.
class ListReader {
 public:
  ListReader(const Accumulator& a, std::string_view block);
  bool Next(ListEntry* entry);           // false at the end
  size_t offset() const { return at_; }  // of the entry that Next gives, in the block
  uint32_t count() const { return count_; }
  void Skip(uint32_t entries);

 private:
  bool is_text_;
  bool has_valid_;
  uint32_t entry_size_;
  uint32_t count_;
  std::string_view block_;
  size_t at_;
};

// The most entries that a block holds.
inline uint32_t MostEntries(const Accumulator& a) {
  return a.kind == AccumulatorKind::kLastList ? a.list_size + a.list_size / 8 : a.list_size;
}

// What a new entry does to a list.
struct ListChange {
  bool takes = false;
  size_t length = 0;     // of the block's bytes afterwards
  size_t capacity = 0;   // of a new block, where one is needed
  size_t insert_at = 0;  // before anything is removed
  size_t remove_at = 0;
  size_t remove_size = 0;
  uint32_t removed = 0;  // entries
  size_t last_at = 0;    // where the last entry begins afterwards; for text
};
ListChange PlanListChange(const Accumulator& a, std::string_view block, Timestamp event_us,
                          size_t value_size);
// `bytes` has room for the longer of the block before and after.
void ApplyListChange(const Accumulator& a, const ListChange& change, size_t old_length,
                     const ListEntry& entry, uint8_t* bytes);

// Whether a block that came from elsewhere can be walked.
bool IsListBlock(const Accumulator& a, std::string_view block);

}  // namespace skewless
