// The freshness chart: data age over time, streaming beside a daily batch.
#pragma once

#include <string>

#include "training/data_age.h"

namespace skewless {

// .svg or .png, by the path's suffix.
Status DrawAgeChart(const ViewAge& age, const std::string& title, const std::string& path);

// "2h 40m", "3 ms", "1d 4h".
std::string FormatAge(DurationUs age_us);

}  // namespace skewless
