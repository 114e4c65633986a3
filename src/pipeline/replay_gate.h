// Where a replay clock waits for its readers: the engine may move it only as far as it was granted.
// Free running (the default) grants everything.
#pragma once

#include <condition_variable>
#include <mutex>

#include "base/result.h"
#include "base/time.h"

namespace skewless {

class ReplayGate {
 public:
  explicit ReplayGate(bool stepped) : granted_(stepped ? kMinTimestamp : kMaxTimestamp) {}

  // Readers: grants `time` and waits until everything that arrived up to then can be read. Returns
  // where the clock stands: `time`, or later where it had gone further already.
  Result<Timestamp> AdvanceTo(Timestamp time);
  // The same without waiting.
  void Grant(Timestamp time);
  // Grants everything, from now on.
  void Release();

  // Engine: how far it may go; waits until that is beyond `reached`, or Stop.
  Timestamp WaitBeyond(Timestamp reached);
  Timestamp granted() const;
  // Engine: everything that arrived up to `time` is readable.
  void Reached(Timestamp time);
  // Engine: it ends; waiting readers get the error. An engine that ended well has reached
  // everything.
  void Stop(Status status);

 private:
  mutable std::mutex mutex_;
  std::condition_variable moved_;
  Timestamp granted_;
  Timestamp reached_ = kMinTimestamp;
  bool stopped_ = false;
  Status status_;
};

}  // namespace skewless
