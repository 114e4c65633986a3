// Tells the operator of a watermark that stands still: its sources are silent, or one of several
// holds it back. For a wall clock; under a replay clock the history decides.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace skewless {

class WatermarkWatch {
 public:
  explicit WatermarkWatch(DurationUs patience_us = 60 * kSecondUs) : patience_us_(patience_us) {}
  // Now and then. kMinTimestamp: there is none yet, as before the first event, or, where events
  // came, before each partition of each source had one.
  void Look(int64_t now_nanos, Timestamp watermark_us, bool has_events);

 private:
  const DurationUs patience_us_;
  Timestamp watermark_us_ = kMinTimestamp;
  int64_t moved_nanos_ = 0;  // or first looked at with events
  bool told_ = false;
};

}  // namespace skewless
