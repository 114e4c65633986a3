#include "pipeline/offline_thread.h"

#include <chrono>

#include "base/clock.h"
#include "base/event_log.h"

namespace skewless {

OfflineThread::OfflineThread(std::unique_ptr<OfflineWriter> writer,
                             std::unique_ptr<LogReader> reader, EngineStats* stats,
                             OfflineThreadOptions options)
    : writer_(std::move(writer)),
      reader_(std::move(reader)),
      stats_(stats),
      options_(options),
      last_commit_nanos_(MonotonicNanos()) {}

OfflineThread::~OfflineThread() {
  finish_.store(true);
  if (thread_.joinable()) thread_.join();
}

void OfflineThread::Start() {
  thread_ = std::thread([this] { Run(); });
}

Status OfflineThread::Finish() {
  finish_.store(true);
  if (thread_.joinable()) {
    thread_.join();
  } else {
    Follow(true);
  }
  return status();
}

Status OfflineThread::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void OfflineThread::Run() {
  for (;;) {
    // Taken before the look at the log, so that nothing durable at Finish is left behind.
    const bool last_round = finish_.load();
    Follow(last_round);
    if (last_round || failed()) return;
    std::this_thread::sleep_for(std::chrono::microseconds(options_.poll_us));
  }
}

void OfflineThread::Follow(bool to_the_end) {
  if (failed()) return;
  Status result = ReadDurable();
  if (result.has_value()) result = CommitIfDue(to_the_end);
  if (result.has_value()) result = Compact(to_the_end);
  if (result.has_value()) return;
  const std::lock_guard lock(mutex_);
  status_ = std::move(result);
  failed_.store(true);
}

Status OfflineThread::ReadDurable() {
  const Sequence durable = durable_.load(std::memory_order_acquire);
  reader_->SetLimit(durable);
  Batch batch;
  // Not until `durable` is seen: the log may end in records of a source that is no longer defined.
  for (bool more = durable > looked_at_; more;) {
    SKEWLESS_ASSIGN_OR_RETURN(more, reader_->Next(&batch));
    if (more) SKEWLESS_RETURN_IF_ERROR(writer_->Add(batch));
  }
  looked_at_ = durable;
  return {};
}

Status OfflineThread::CommitIfDue(bool due) {
  const int64_t now = MonotonicNanos();
  due |= now - last_commit_nanos_ > options_.commit_interval_us * 1000;
  if (!due) return {};
  SKEWLESS_RETURN_IF_ERROR(writer_->Commit());
  const int64_t rows = writer_->committed_rows();
  const int64_t before = stats_->offline_rows.exchange(rows, std::memory_order_relaxed);
  if (rows > before) {
    LogEvent(
        EventLevel::kInfo, "offline tables committed",
        {{"rows", rows - before}, {"seconds", static_cast<double>(MonotonicNanos() - now) / 1e9}});
  }
  last_commit_nanos_ = now;
  return {};
}

// A little each time, after all that is durable was read: the more there was, the smaller its part.
Status OfflineThread::Compact(bool at_the_end) {
  if (at_the_end) {
    writer_->AbandonCompaction();
  } else {
    SKEWLESS_RETURN_IF_ERROR(writer_->Compact());
  }
  stats_->offline_files.store(writer_->files(), std::memory_order_relaxed);
  stats_->offline_merged_rows.store(writer_->merged_rows(), std::memory_order_relaxed);
  return {};
}

}  // namespace skewless
