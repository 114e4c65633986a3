// What one read sums up to or finds in a stretch of an order of records, of those that are
// available at `t`. Private to this room.
#pragma once

#include "kernel/merge_numeric.h"
#include "kernel/record_order.h"

namespace skewless {

uint64_t CountAvailable(const RecordOrder& order, const Stretch& in, Timestamp t);
MergedNumeric ScanDoubles(const RecordOrder& order, const Stretch& in, Timestamp t);
MergedNumeric ScanInts(const RecordOrder& order, const Stretch& in, Timestamp t);

// Where the record of the least event is, of equal ones the first; of the greatest, of equal ones
// the last. `event_us`: by row.
inline constexpr size_t kNoRecord = SIZE_MAX;
size_t FindFirst(const RecordOrder& order, const Stretch& in, const Timestamp* event_us,
                 Timestamp t);
size_t FindLast(const RecordOrder& order, const Stretch& in, const Timestamp* event_us,
                Timestamp t);

}  // namespace skewless
