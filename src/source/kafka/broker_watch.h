// What the operator is told of a topic's brokers: that they are away, and that they are back, once
// each. Of one broker among several, what lasts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace skewless {

class BrokerWatch {
 public:
  explicit BrokerWatch(std::string source) : source_(std::move(source)) {}

  // A connection failed; others may stand. `remedy`: what to do if it lasts.
  void LostOne(int64_t now_nanos, const std::string& why, const std::string& remedy);
  // None answers; what a connection failed by, where that is known, says more than `why`.
  void LostAll(int64_t now_nanos, const std::string& why);
  void Back(int64_t now_nanos);
  // It was told that they are away: other errors come of that.
  bool away() const { return away_since_nanos_.has_value(); }
  // It was told that they are away, and that this, which `why` begins with, is the reason.
  bool ToldWhy(std::string_view why) const { return away() && told_.starts_with(why); }
  // Why a connection failed a while ago, where nothing else came of it; once.
  std::optional<std::string> TakeLasting(int64_t now_nanos);

 private:
  const std::string source_;
  std::optional<int64_t> away_since_nanos_;
  std::string lost_one_;  // why, until it was told
  std::string remedy_;    // of that
  std::string told_;      // why they are away
  int64_t lost_one_nanos_ = 0;
};

}  // namespace skewless
