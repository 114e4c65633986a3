#include "definition/window.h"

#include <algorithm>
#include <vector>

namespace skewless {
namespace {

const std::vector<DurationUs>& RoundDurations() {
  static const std::vector<DurationUs> durations = [] {
    std::vector<DurationUs> out;
    for (DurationUs power = 1; power < kSecondUs; power *= 10) {
      for (const DurationUs times : {1, 2, 5}) out.push_back(times * power);
    }
    for (const DurationUs n : {1, 2, 5, 10, 15, 30}) out.push_back(n * kSecondUs);
    for (const DurationUs n : {1, 2, 5, 10, 15, 30}) out.push_back(n * kMinuteUs);
    for (const DurationUs n : {1, 2, 3, 6, 12}) out.push_back(n * kHourUs);
    for (const DurationUs n : {1, 2, 5, 7, 10, 14, 20, 30, 50, 100}) out.push_back(n * kDayUs);
    return out;
  }();
  return durations;
}

}  // namespace

std::optional<DurationUs> DefaultHop(DurationUs window_us) {
  for (const DurationUs hop : RoundDurations()) {
    if (window_us % hop == 0 && window_us / hop <= kMostDefaultTiles) return hop;
  }
  return std::nullopt;
}

DurationUs LargestRoundHop(DurationUs window_us) {
  DurationUs largest = 1;
  for (const DurationUs hop : RoundDurations()) {
    if (hop <= window_us && window_us % hop == 0) largest = std::max(largest, hop);
  }
  return largest;
}

}  // namespace skewless
