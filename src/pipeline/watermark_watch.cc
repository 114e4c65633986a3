#include "pipeline/watermark_watch.h"

#include "base/event_log.h"

namespace skewless {

void WatermarkWatch::Look(int64_t now_nanos, Timestamp watermark_us) {
  const double stood_seconds = static_cast<double>(now_nanos - moved_nanos_) / 1e9;
  if (watermark_us != watermark_us_) {
    if (told_) {
      LogEvent(
          EventLevel::kInfo, "watermark moves again",
          {EventField::Time("watermark", watermark_us), {"stood_still_seconds", stood_seconds}});
    }
    watermark_us_ = watermark_us;
    moved_nanos_ = now_nanos;
    told_ = false;
    return;
  }
  if (told_ || watermark_us == kMinTimestamp) return;
  if (now_nanos - moved_nanos_ < patience_us_ * 1000) return;
  told_ = true;
  LogEvent(EventLevel::kWarning, "watermark stands still",
           {EventField::Time("watermark", watermark_us), {"stood_still_seconds", stood_seconds}});
}

}  // namespace skewless
