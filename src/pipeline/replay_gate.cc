#include "pipeline/replay_gate.h"

#include <algorithm>

namespace skewless {

Result<Timestamp> ReplayGate::AdvanceTo(Timestamp time) {
  std::unique_lock lock(mutex_);
  granted_ = std::max(granted_, time);
  moved_.notify_all();
  moved_.wait(lock, [&] { return reached_ >= time || stopped_; });
  if (reached_ >= time) return reached_;
  if (!status_.has_value()) return tl::unexpected<Error>(status_.error());
  return Fail(ErrorCode::kUnavailable,
              "the engine stopped before the replay clock reached " + FormatTimestamp(time));
}

void ReplayGate::Grant(Timestamp time) {
  const std::lock_guard lock(mutex_);
  granted_ = std::max(granted_, time);
  moved_.notify_all();
}

void ReplayGate::Release() { Grant(kMaxTimestamp); }

Timestamp ReplayGate::WaitBeyond(Timestamp reached) {
  std::unique_lock lock(mutex_);
  moved_.wait(lock, [&] { return granted_ > reached || stopped_; });
  return granted_;
}

Timestamp ReplayGate::granted() const {
  const std::lock_guard lock(mutex_);
  return granted_;
}

void ReplayGate::Reached(Timestamp time) {
  const std::lock_guard lock(mutex_);
  if (time <= reached_) return;
  reached_ = time;
  moved_.notify_all();
}

void ReplayGate::Stop(Status status) {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  status_ = std::move(status);
  moved_.notify_all();
}

}  // namespace skewless
