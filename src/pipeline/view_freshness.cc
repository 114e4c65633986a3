#include "pipeline/view_freshness.h"

#include <algorithm>

namespace skewless {

int64_t AgeNanos(Timestamp readable_us, Timestamp event_us) {
  constexpr DurationUs kLongest = (int64_t{1} << latency::kBits) / 1000;
  return std::clamp<DurationUs>(SaturatingSub(readable_us, event_us), 0, kLongest) * 1000;
}

void FoldedRecords::Add(const ViewInput& input, int64_t accepted_nanos) {
  const size_t before = event_us_.size();
  for (size_t row = 0; row < input.rows; ++row) {
    if (input.selected[row] != 0) event_us_.push_back(input.event_us[row]);
  }
  const auto records = static_cast<int64_t>(event_us_.size() - before);
  if (records > 0) accepted_.push_back({accepted_nanos, records});
}

void FoldedRecords::AddReplayed(const ViewInput& input, int64_t accepted_nanos) {
  int64_t records = 0;
  for (size_t row = 0; row < input.rows; ++row) {
    if (input.selected[row] == 0) continue;
    from_event_.Record(AgeNanos(input.available_us[row], input.event_us[row]));
    ++records;
  }
  if (records > 0) accepted_.push_back({accepted_nanos, records});
}

void FoldedRecords::Count(Timestamp now_us, int64_t now_nanos, ViewFreshness* freshness) {
  for (const Timestamp event_us : event_us_) from_event_.Record(AgeNanos(now_us, event_us));
  from_event_.MoveTo(&freshness->from_event);
  for (const Accepted& accepted : accepted_)
    freshness->from_acceptance.Record(now_nanos - accepted.nanos, accepted.records);
  event_us_.clear();
  accepted_.clear();
}

}  // namespace skewless
