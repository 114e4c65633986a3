// When what a label saw was computed, where a store's rows are finished values: a client that reads
// such a row at t has read(S, c), with the c of the last write that was readable by then, and not
// read(S, t). The stamp log has both times of every write (docs/formats/stamps.md).
//
// A label is moved from t to its c, and records count from the times that the writes with them were
// computed for (StampTime::kComputed). Of one row both times ascend together, so what a label sees
// stays what it saw, and the join need not know. An old write that comes once more, after the store
// lost rows, has its old time again: no record that came after it counts from before that.
#pragma once

#include <span>

#include "base/file.h"
#include "kernel/kernel_set.h"
#include "training/join.h"

namespace skewless {

// Labels of views whose rows were no finished values at their t stay where they are. Before the
// first write of a row: kMinTimestamp.
Status MoveToReadTimes(FileSystem& files, const Definition& definition, const KernelSet& kernels,
                       std::span<ViewLabels> labels);

}  // namespace skewless
