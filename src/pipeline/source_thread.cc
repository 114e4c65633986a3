#include "pipeline/source_thread.h"

#include "base/clock.h"

namespace skewless {

SourceThread::SourceThread(std::unique_ptr<Source> source, DeadLetterFile* dead_letters,
                           SourceThreadOptions options)
    : source_(std::move(source)),
      dead_letters_(dead_letters),
      options_(options),
      queue_(options.queue_batches) {}

SourceThread::~SourceThread() { Stop(); }

void SourceThread::Start() {
  thread_ = std::thread([this] { Run(); });
}

void SourceThread::Stop() {
  stop_.store(true);
  queue_.Stop();
  if (thread_.joinable()) thread_.join();
}

SourceProgress SourceThread::progress() const {
  return {records_.load(std::memory_order_relaxed), dead_.load(std::memory_order_relaxed),
          fraction_.load(std::memory_order_relaxed)};
}

void SourceThread::Run() { queue_.End(Pump()); }

Status SourceThread::Pump() {
  int64_t synced_dead_letters = 0;
  while (!stop_.load(std::memory_order_relaxed)) {
    AcceptedBatch accepted{queue_.Take(), 0};
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, source_->Next(options_.batch_rows, options_.wait_us,
                                                             accepted.batch.get()));
    const SourceProgress now = source_->progress();
    records_.store(now.records, std::memory_order_relaxed);
    dead_.store(now.dead_letters, std::memory_order_relaxed);
    fraction_.store(now.fraction, std::memory_order_relaxed);
    if (dead_letters_ != nullptr && dead_letters_->count() > synced_dead_letters) {
      SKEWLESS_RETURN_IF_ERROR(dead_letters_->Sync());
      synced_dead_letters = dead_letters_->count();
    }
    // A batch of dead letters alone has no rows, and yet its positions belong in the log.
    const bool carries = accepted.batch->rows() > 0 || !accepted.batch->positions.empty();
    if (carries) {
      accepted.accepted_nanos = MonotonicNanos();
      if (!queue_.Push(std::move(accepted))) return {};
    } else {
      queue_.GiveBack(std::move(accepted.batch));
    }
    if (!more) return {};
  }
  return {};
}

}  // namespace skewless
