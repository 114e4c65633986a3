#include "source/kafka/broker_watch.h"

#include "base/event_log.h"

namespace skewless {
namespace {

// Where all brokers are gone, the client says so within it.
constexpr int64_t kPatienceNanos = 1'000'000'000;

}  // namespace

void BrokerWatch::LostOne(int64_t now_nanos, const std::string& why, const std::string& remedy) {
  if (away() || !lost_one_.empty()) return;
  lost_one_ = why;
  remedy_ = remedy;
  lost_one_nanos_ = now_nanos;
}

void BrokerWatch::LostAll(int64_t now_nanos, const std::string& why) {
  if (away()) return;
  away_since_nanos_ = now_nanos;
  const bool known = !lost_one_.empty();
  told_ = known ? lost_one_ : why;
  LogEvent(EventLevel::kWarning, "brokers away",
           {{"source", source_},
            {"error", told_},
            {"remedy", known ? remedy_ : "Are they running, and reachable from here?"}});
  lost_one_.clear();
}

void BrokerWatch::Back(int64_t now_nanos) {
  if (!away()) return;
  lost_one_.clear();
  const auto seconds = static_cast<double>(now_nanos - *away_since_nanos_) / 1e9;
  away_since_nanos_.reset();
  LogEvent(EventLevel::kInfo, "brokers back", {{"source", source_}, {"away_seconds", seconds}});
}

std::optional<std::string> BrokerWatch::TakeLasting(int64_t now_nanos) {
  if (lost_one_.empty() || now_nanos - lost_one_nanos_ < kPatienceNanos) return std::nullopt;
  return std::exchange(lost_one_, {});
}

}  // namespace skewless
