#include "pipeline/watermark_watch.h"

#include "base/event_log.h"

namespace skewless {

namespace {

constexpr char kRemedy[] =
    "Are the sources silent? One that is holds it back; a partition of a topic that is, or that "
    "nothing came of yet, holds its source's back, which refuses no late events: give the source "
    "an idle_after.";

}  // namespace

void WatermarkWatch::Look(int64_t now_nanos, Timestamp watermark_us, bool has_events) {
  if (moved_nanos_ == 0 && has_events) moved_nanos_ = now_nanos;
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
  if (told_ || !has_events) return;
  if (now_nanos - moved_nanos_ < patience_us_ * 1000) return;
  told_ = true;
  LogEvent(EventLevel::kWarning, "watermark stands still",
           {watermark_us == kMinTimestamp ? EventField("watermark", "none")
                                          : EventField::Time("watermark", watermark_us),
            {"stood_still_seconds", stood_seconds},
            {"remedy", kRemedy}});
}

}  // namespace skewless
