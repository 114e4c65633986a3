// Rows from one batch to another, strings copied: how sorting moves rows.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/batch.h"

namespace skewless {

// A row of one of several batches, and when it arrived.
struct RowReference {
  Timestamp arrival = 0;
  uint32_t batch = 0;
  uint32_t row = 0;
};

// Appends the rows with their event and arrival times. The batches have one schema.
void CopyRows(const std::vector<std::unique_ptr<Batch>>& batches, const RowReference* rows,
              size_t count, Batch* to);
// Rows [begin, end) of a batch that has arrival_us.
void CopyRows(const Batch& from, size_t begin, size_t end, Batch* to);

}  // namespace skewless
