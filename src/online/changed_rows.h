// The rows that one commit changed, for who sends them on to a store elsewhere. Costs a row and
// commit, not an event.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/batch.h"

namespace skewless {

struct ChangedRow {
  uint64_t hash = 0;  // of the key, by a hash of the store's own
  Sequence sequence = 0;
  Timestamp oldest_event_us = 0;  // of the events that changed it; listed with all: its newest
  uint32_t events = 0;
  uint32_t view = 0;
  uint32_t key_offset = 0;
  uint32_t key_size = 0;
};

struct ChangedRows {
  std::vector<ChangedRow> rows;
  Bytes keys;

  ByteView key(const ChangedRow& row) const {
    return ByteView(keys).subspan(row.key_offset, row.key_size);
  }
  void Add(ChangedRow row, ByteView key) {
    row.key_offset = static_cast<uint32_t>(keys.size());
    row.key_size = static_cast<uint32_t>(key.size());
    rows.push_back(row);
    PutRaw(keys, key);
  }
  void Clear() {
    rows.clear();
    keys.clear();
  }
};

}  // namespace skewless
