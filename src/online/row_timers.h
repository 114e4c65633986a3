// When each row's values change next with no event: the rows in a heap by that time, one entry a
// row. Setting a row's time again moves its entry, so what it holds is bounded by the rows whose
// windows hold something.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "model/row_table.h"

namespace skewless {

class RowTimers {
 public:
  using Id = RowTable::Id;

  // `hash`: HashKey's. kMaxTimestamp: with time alone the row never changes.
  void Set(uint32_t view, ByteView key, uint64_t hash, Timestamp due_us);

  struct Due {
    uint32_t view = 0;
    uint64_t hash = 0;
    std::string key;
    Timestamp due_us = 0;
  };
  // Takes the row that is due first, if it is due at `now_us`: it has no time then.
  bool Take(Timestamp now_us, Due* due);

  // kMaxTimestamp where no row has a time.
  Timestamp next_due_us() const { return heap_.empty() ? kMaxTimestamp : due_us_[heap_[0]]; }
  size_t size() const { return heap_.size(); }

 private:
  void Place(size_t at, Id id) {
    heap_[at] = id;
    at_[id] = static_cast<uint32_t>(at);
  }
  void MoveUp(size_t at);
  void MoveDown(size_t at);
  void Remove(Id id);

  RowTable table_;
  std::vector<Timestamp> due_us_;  // by id
  std::vector<uint32_t> at_;       // by id: where in the heap
  std::vector<Id> heap_;
};

}  // namespace skewless
