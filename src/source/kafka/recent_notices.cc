#include "source/kafka/recent_notices.h"

namespace skewless {
namespace {

constexpr int64_t kPauseNanos = 10'000'000'000;

}  // namespace

bool RecentNotices::IsNew(int64_t now_nanos, std::string_view what) {
  std::erase_if(told_nanos_,
                [&](const auto& told) { return now_nanos - told.second >= kPauseNanos; });
  return told_nanos_.try_emplace(std::string(WithoutTimes(what)), now_nanos).second;
}

}  // namespace skewless
