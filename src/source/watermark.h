// A source's watermark: how far its event time has come. Decides which events are too late, and
// which are too far ahead of the clock to move it.
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.h"

namespace skewless {

// Whether an event that came at `came_us` says that it happened later, by more than is allowed.
inline bool IsAhead(Timestamp event_us, Timestamp came_us, std::optional<DurationUs> max_ahead) {
  return max_ahead && event_us > SaturatingAdd(came_us, *max_ahead);
}

class Watermark {
 public:
  Watermark(DurationUs out_of_orderness, std::optional<DurationUs> allowed_lateness,
            std::optional<DurationUs> max_ahead)
      : out_of_orderness_(out_of_orderness),
        allowed_lateness_(allowed_lateness),
        max_ahead_(max_ahead) {}

  // Takes an event in, which came at `came_us`; false where it is refused: behind the watermark, as
  // it stood before this event, by more than the allowed lateness, or ahead of when it came by more
  // than that may be. A refused event doesn't move the watermark.
  bool Accept(Timestamp event_us, Timestamp came_us) {
    if (allowed_lateness_ && event_us < SaturatingSub(time(), *allowed_lateness_)) return false;
    if (IsAhead(event_us, came_us, max_ahead_)) return false;
    greatest_event_ = std::max(greatest_event_, event_us);
    return true;
  }
  // Greatest event time - out_of_orderness; kMinTimestamp before the first event.
  Timestamp time() const { return SaturatingSub(greatest_event_, out_of_orderness_); }
  bool refuses() const { return allowed_lateness_ || max_ahead_; }

 private:
  DurationUs out_of_orderness_;
  std::optional<DurationUs> allowed_lateness_, max_ahead_;
  Timestamp greatest_event_ = kMinTimestamp;
};

}  // namespace skewless
