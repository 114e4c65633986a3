// How long records take until readers can see them, by view: from the event's own time, and from
// when the engine accepted it.
#pragma once

#include <vector>

#include "base/latency_histogram.h"
#include "base/time.h"
#include "kernel/view_kernel.h"

namespace skewless {

// Any thread may record. A store elsewhere records, when a row's write is acknowledged, the events
// that it made readable: from_event.Record(AgeNanos(readable_us, event_us), events).
struct ViewFreshness {
  LatencyHistogram from_event;       // event_timestamp -> readable
  LatencyHistogram from_acceptance;  // accepted (wall clock: decoded) -> readable
};

// 0 for an event of the future; no more than the histogram can tell apart.
int64_t AgeNanos(Timestamp readable_us, Timestamp event_us);

// The records of one view, from Fold to Commit: noted a batch at a time, counted at once when
// readers can see them. The engine thread's.
class FoldedRecords {
 public:
  // Wall clock: they become readable at Count.
  void Add(const ViewInput& input, int64_t accepted_nanos);
  // Replay clock: they become readable when they are available, however late that is counted.
  void AddReplayed(const ViewInput& input, int64_t accepted_nanos);
  // All that were added can be seen now.
  void Count(Timestamp now_us, int64_t now_nanos, ViewFreshness* freshness);

 private:
  struct Accepted {
    int64_t nanos, records;
  };
  std::vector<Timestamp> event_us_;
  std::vector<Accepted> accepted_;
  LatencyCounts from_event_;
};

}  // namespace skewless
