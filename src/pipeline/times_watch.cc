#include "pipeline/times_watch.h"

#include <algorithm>

#include "base/event_log.h"

namespace skewless {
namespace {

// 1971 to 2200: what is outside was most likely declared in another unit than it is in.
constexpr Timestamp kLeastUsualTime = 31'536'000'000'000;
constexpr Timestamp kGreatestUsualTime = 7'258'118'400'000'000;
// Clocks differ by seconds, time zones by a quarter of an hour and more.
constexpr DurationUs kUsualHasteUs = 5 * kMinuteUs;

bool IsUsual(Timestamp time) { return time >= kLeastUsualTime && time < kGreatestUsualTime; }

}  // namespace

void TimesWatch::Look(const Batch& batch) {
  if (!WantsEvents(EventLevel::kWarning)) return;
  if (!told_of_events_) LookAtEvents(batch);
  if (told_of_arrivals_ && told_of_haste_) return;
  for (size_t row = 0; row < batch.arrival_us.size(); ++row)
    LookAtArrival(batch.event_us[row], batch.arrival_us[row]);
}

void TimesWatch::LookAtEvents(const Batch& batch) {
  const auto strange = std::find_if_not(batch.event_us.begin(), batch.event_us.end(), IsUsual);
  if (strange == batch.event_us.end()) return;
  told_of_events_ = true;
  LogEvent(EventLevel::kWarning, "event times lie outside 1971 to 2200",
           {{"source", source_},
            EventField::Time("event_timestamp", *strange),
            {"remedy", "Is the column's unit right? Declare timestamp[s], [ms], [us] or [ns]."}});
}

// Of an event whose own time is strange no more is said: with a `delay` its arrival is so, too.
void TimesWatch::LookAtArrival(Timestamp event_us, Timestamp arrival_us) {
  if (!IsUsual(event_us)) return;
  if (!IsUsual(arrival_us)) {
    if (told_of_arrivals_) return;
    told_of_arrivals_ = true;
    LogEvent(EventLevel::kWarning, "arrival times lie outside 1971 to 2200",
             {{"source", source_},
              EventField::Time("arrival_timestamp", arrival_us),
              {"remedy",
               "Is the column's unit right? Declare timestamp[s], [ms], [us] or [ns]. Leave out "
               "records that never arrived: the replay clock goes on to the last arrival."}});
  } else if (arrival_us < event_us - kUsualHasteUs && !told_of_haste_) {
    told_of_haste_ = true;
    LogEvent(EventLevel::kWarning, "records arrive before they happen",
             {{"source", source_},
              EventField::Time("event_timestamp", event_us),
              EventField::Time("arrival_timestamp", arrival_us),
              {"remedy",
               "Are both columns in UTC? Readers and training sets have a record from its arrival "
               "on: one that is too early is hindsight."}});
  }
}

}  // namespace skewless
