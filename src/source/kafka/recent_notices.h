// What was told lately: the same is told again only after a while, however much else comes between,
// as with an error of each partition.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace skewless {

// To librdkafka's texts belong how long a connection lived, and how often it left the same unsaid.
inline std::string_view WithoutTimes(std::string_view text) {
  return text.substr(0, text.find(" (after "));
}

class RecentNotices {
 public:
  // Whether to tell `what` now; the times in it make no difference.
  bool IsNew(int64_t now_nanos, std::string_view what);

 private:
  std::map<std::string, int64_t, std::less<>> told_nanos_;
};

}  // namespace skewless
