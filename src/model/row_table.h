// Rows by key, each with a number of its own for as long as it is in the table: for tables whose
// rows come and go. Memory of rows that left is used again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/prefetch.h"

namespace skewless {

class RowTable {
 public:
  using Id = uint32_t;
  static constexpr Id kNone = UINT32_MAX;

  struct alignas(64) Key {  // a cache line: tables are larger than the cache
    uint64_t hash = 0;
    uint32_t view = 0;
    std::string bytes;
  };

  // Ask for what Find looks at, well before it does: first where the row is, then the row.
  void PrefetchSlot(uint32_t view, uint64_t hash) const {
    skewless::Prefetch(&slots_[Mix(hash, view) >> shift_]);
  }
  // Most likely the row; kNone where there is none.
  Id PrefetchKey(uint32_t view, uint64_t hash) const {
    const uint64_t mixed = Mix(hash, view);
    const Id id = slots_[Probe(mixed >> shift_, TagOf(mixed))].id;
    if (id != kNone) Prefetch(id);
    return id;
  }
  void Prefetch(Id id) const { skewless::Prefetch(&keys_[id]); }

  // `hash`: of the key, the same for the same key at all times.
  Id Find(uint32_t view, ByteView key, uint64_t hash) const;
  // The row of a key that Find did not find. Its number is one that was removed, or size() before.
  Id Add(uint32_t view, ByteView key, uint64_t hash);
  void Remove(Id id);

  const Key& key(Id id) const { return keys_[id]; }
  // Numbers are below this.
  size_t limit() const { return keys_.size(); }
  size_t size() const { return keys_.size() - free_.size(); }

 private:
  // Some of the hash beside the number: a probe looks at the keys of other rows only where that is
  // the same, and each look at a key is a line that is not in the cache.
  struct Slot {
    Id id = kNone;
    uint32_t tag = 0;
  };

  static uint64_t Mix(uint64_t hash, uint32_t view) { return (hash + view) * 0x9E3779B97F4A7C15u; }
  static uint32_t TagOf(uint64_t mixed) { return static_cast<uint32_t>(mixed); }
  uint64_t MixOf(Id id) const { return Mix(keys_[id].hash, keys_[id].view); }
  // From `at` on, the first slot that has this tag or is empty.
  size_t Probe(size_t at, uint32_t tag) const {
    const size_t mask = slots_.size() - 1;
    while (slots_[at].id != kNone && slots_[at].tag != tag) at = (at + 1) & mask;
    return at;
  }
  void Place(Slot slot, size_t home);
  void Grow();

  std::vector<Key> keys_;
  std::vector<Id> free_;
  std::vector<Slot> slots_ = std::vector<Slot>(64);  // linear probing
  int shift_ = 64 - 6;
};

}  // namespace skewless
