#include "pipeline/store_watch.h"

namespace skewless {
namespace {

// What passes within it is not worth telling of: a connection made again, a slot that moves.
constexpr int64_t kPatienceNanos = 1'000'000'000;

}  // namespace

void StoreWatch::Look(int64_t now_nanos, StoreHealth health, const Error& trouble) {
  health_ = health;
  if (health == StoreHealth::kAway || health == StoreHealth::kRefuses) trouble_ = trouble;
  if (health == StoreHealth::kAway) {
    if (away_.Lasts(now_nanos, trouble)) LogError(EventLevel::kWarning, "store away", trouble);
  } else if (const auto seconds = away_.End(now_nanos)) {
    LogEvent(EventLevel::kInfo, "store back", {{"away_seconds", *seconds}});
  }
  if (health == StoreHealth::kRefuses) {
    if (refuses_.Lasts(now_nanos, trouble))
      LogError(EventLevel::kWarning, "store refuses", trouble);
  } else if (health == StoreHealth::kTakesRows) {  // one that is away does not
    if (const auto seconds = refuses_.End(now_nanos))
      LogEvent(EventLevel::kInfo, "store takes rows again", {{"refused_seconds", *seconds}});
  }
}

bool StoreWatch::Spell::Lasts(int64_t now_nanos, const Error& trouble) {
  if (!since_nanos) since_nanos = now_nanos;
  if (now_nanos - *since_nanos < kPatienceNanos || told == trouble.message) return false;
  if (!interval.Add()) return false;
  told = trouble.message;
  return true;
}

std::optional<double> StoreWatch::Spell::End(int64_t now_nanos) {
  std::optional<double> seconds;
  if (!told.empty()) seconds = static_cast<double>(now_nanos - *since_nanos) / 1e9;
  since_nanos.reset();
  told.clear();
  return seconds;
}

}  // namespace skewless
