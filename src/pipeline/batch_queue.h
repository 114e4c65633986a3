// A bounded queue of batches between two threads, with the emptied batches going back to be filled
// again. Locks once a batch, never once an event. A full queue pushes back to the producer.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"
#include "model/batch.h"

namespace skewless {

// A batch with the moment (CLOCK_MONOTONIC ns) at which it left the decoder: where freshness
// starts.
struct AcceptedBatch {
  std::unique_ptr<Batch> batch;
  int64_t accepted_nanos = 0;
};

class BatchQueue {
 public:
  explicit BatchQueue(size_t capacity) : capacity_(capacity) {}

  // An empty batch to fill: a returned one, or a new one.
  std::unique_ptr<Batch> Take();
  void GiveBack(std::unique_ptr<Batch> batch);

  bool full() const;
  // Blocks while full. False once the queue was stopped.
  bool Push(AcceptedBatch batch);
  // The producer has no more, or failed.
  void End(Status status);
  // Wakes everyone; nothing more goes in.
  void Stop();

  // The next batch; waits at most `wait`. Empty where there is none by then.
  std::optional<AcceptedBatch> Pop(std::chrono::microseconds wait);
  bool ended() const;  // the producer ended and everything was popped
  Status end_status() const;

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable not_full_, not_empty_;
  std::deque<AcceptedBatch> batches_;
  std::vector<std::unique_ptr<Batch>> spare_;
  bool producer_ended_ = false;
  bool stopped_ = false;
  Status status_;
};

}  // namespace skewless
