#include "training/read_ahead.h"

namespace skewless {

ReadAhead::ReadAhead(const HistoryStream& history) : history_(history) {
  thread_ = std::thread([this] { Run(); });
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::Run() {
  for (bool more = true; more;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || written_ - taken_ < slots_.size(); });
    if (stop_) return;
    Slot& slot = slots_[written_ % slots_.size()];
    lock.unlock();
    slot.read = history_(&slot.batch);
    more = slot.read.has_value() && *slot.read;
    lock.lock();
    ++written_;
    changed_.notify_all();
  }
}

Result<const Batch*> ReadAhead::Next() {
  std::unique_lock lock(mutex_);
  if (holding_) ++taken_;
  holding_ = false;
  changed_.notify_all();
  changed_.wait(lock, [this] { return written_ > taken_; });
  Slot& slot = slots_[taken_ % slots_.size()];
  if (!slot.read.has_value()) return tl::unexpected<Error>(slot.read.error());
  if (!*slot.read) return nullptr;
  holding_ = true;
  return &slot.batch;
}

}  // namespace skewless
