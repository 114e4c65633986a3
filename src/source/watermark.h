// A source's watermark: how far its event time has come. Decides which events are too late.
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.h"

namespace skewless {

class Watermark {
 public:
  Watermark(DurationUs out_of_orderness, std::optional<DurationUs> allowed_lateness)
      : out_of_orderness_(out_of_orderness), allowed_lateness_(allowed_lateness) {}

  // Takes an event in; false where it is refused: behind the watermark, as it stood before this
  // event, by more than the allowed lateness. A refused event doesn't move the watermark.
  bool Accept(Timestamp event_us) {
    if (allowed_lateness_ && event_us < SaturatingSub(time(), *allowed_lateness_)) return false;
    greatest_event_ = std::max(greatest_event_, event_us);
    return true;
  }
  // Greatest event time - out_of_orderness; kMinTimestamp before the first event.
  Timestamp time() const { return SaturatingSub(greatest_event_, out_of_orderness_); }
  bool decides() const { return allowed_lateness_.has_value(); }

 private:
  DurationUs out_of_orderness_;
  std::optional<DurationUs> allowed_lateness_;
  Timestamp greatest_event_ = kMinTimestamp;
};

}  // namespace skewless
