// What several reads of one order of records sum up to, side by side. A sum of doubles waits for
// each of its additions, and no sum may be made of parts that are not tiles; but those of different
// reads don't wait for each other. Each lane adds in its own order, so its bits are those of the
// sum alone. Private to this room.
#pragma once

#include <span>
#include <vector>

#include "kernel/merge_numeric.h"
#include "kernel/record_order.h"

namespace skewless {

inline constexpr size_t kReadsAtOnce = 8;

// Up to kReadsAtOnce reads: the stretch of the order that each one's window holds, and its time.
struct ReadsAtOnce {
  size_t count = 0;
  Stretch stretch[kReadsAtOnce];
  Timestamp t[kReadsAtOnce] = {};
};

// Sets `merged[i]` of each read: the count of the records that are available at its time, and,
// where `parts` (of NumericPart) has any, sum, least and greatest of their doubles. Every tile of
// the order holds but one record.
using ScanAtOnce = void (*)(const RecordOrder& order, const ReadsAtOnce& reads, unsigned parts,
                            MergedNumeric* merged);

// The one for this machine; null where it has no instructions for several lanes, and one read after
// the other is as fast.
ScanAtOnce FindScanAtOnce();
// All that it has, for tests.
std::vector<ScanAtOnce> AllScansAtOnce();

}  // namespace skewless
