// Some rows of a batch as a batch of their own.
#pragma once

#include "model/batch.h"

namespace skewless {

// Rows [begin, end). String values still point into `from`, which must outlive the slice. Under a
// replay clock the first position of a batch counts the rows emitted (source/source.h), so a slice
// carries its own place: that count less the rows of the batch behind it.
void SliceBatch(const Batch& from, size_t begin, size_t end, Batch* slice);

}  // namespace skewless
