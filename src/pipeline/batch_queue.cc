#include "pipeline/batch_queue.h"

namespace skewless {

std::unique_ptr<Batch> BatchQueue::Take() {
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) return std::make_unique<Batch>();
  auto batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

void BatchQueue::GiveBack(std::unique_ptr<Batch> batch) {
  const std::lock_guard lock(mutex_);
  spare_.push_back(std::move(batch));
}

bool BatchQueue::full() const {
  const std::lock_guard lock(mutex_);
  return batches_.size() >= capacity_ && !stopped_;
}

bool BatchQueue::Push(AcceptedBatch batch) {
  std::unique_lock lock(mutex_);
  not_full_.wait(lock, [&] { return batches_.size() < capacity_ || stopped_; });
  if (stopped_) return false;
  batches_.push_back(std::move(batch));
  not_empty_.notify_one();
  return true;
}

void BatchQueue::End(Status status) {
  const std::lock_guard lock(mutex_);
  producer_ended_ = true;
  status_ = std::move(status);
  not_empty_.notify_all();
}

void BatchQueue::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  not_full_.notify_all();
  not_empty_.notify_all();
}

std::optional<AcceptedBatch> BatchQueue::Pop(std::chrono::microseconds wait) {
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return !batches_.empty() || producer_ended_ || stopped_; };
  if (wait.count() > 0) not_empty_.wait_for(lock, wait, ready);
  if (batches_.empty()) return std::nullopt;
  AcceptedBatch batch = std::move(batches_.front());
  batches_.pop_front();
  not_full_.notify_one();
  return batch;
}

bool BatchQueue::ended() const {
  const std::lock_guard lock(mutex_);
  return producer_ended_ && batches_.empty();
}

Status BatchQueue::end_status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace skewless
