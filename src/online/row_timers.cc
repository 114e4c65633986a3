#include "online/row_timers.h"

namespace skewless {

void RowTimers::Set(uint32_t view, ByteView key, uint64_t hash, Timestamp due_us) {
  Id id = table_.Find(view, key, hash);
  if (due_us == kMaxTimestamp) {
    if (id != RowTable::kNone) Remove(id);
    return;
  }
  if (id == RowTable::kNone) {
    id = table_.Add(view, key, hash);
    if (id == due_us_.size()) {
      due_us_.push_back(0);
      at_.push_back(0);
    }
    due_us_[id] = kMaxTimestamp;
    heap_.push_back(id);
    Place(heap_.size() - 1, id);
  }
  const bool earlier = due_us < due_us_[id];
  due_us_[id] = due_us;
  earlier ? MoveUp(at_[id]) : MoveDown(at_[id]);
}

bool RowTimers::Take(Timestamp now_us, Due* due) {
  if (next_due_us() > now_us || heap_.empty()) return false;
  const Id id = heap_[0];
  const RowTable::Key& key = table_.key(id);
  due->view = key.view;
  due->hash = key.hash;
  due->key = key.bytes;
  due->due_us = due_us_[id];
  Remove(id);
  return true;
}

void RowTimers::Remove(Id id) {
  const size_t at = at_[id];
  const Id last = heap_.back();
  heap_.pop_back();
  table_.Remove(id);
  if (last == id) return;
  Place(at, last);
  MoveUp(at);
  MoveDown(at_[last]);
}

void RowTimers::MoveUp(size_t at) {
  const Id id = heap_[at];
  while (at > 0) {
    const size_t parent = (at - 1) / 2;
    if (due_us_[heap_[parent]] <= due_us_[id]) break;
    Place(at, heap_[parent]);
    at = parent;
  }
  Place(at, id);
}

void RowTimers::MoveDown(size_t at) {
  const Id id = heap_[at];
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && due_us_[heap_[child + 1]] < due_us_[heap_[child]]) ++child;
    if (due_us_[id] <= due_us_[heap_[child]]) break;
    Place(at, heap_[child]);
    at = child;
  }
  Place(at, id);
}

}  // namespace skewless
