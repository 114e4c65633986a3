#include "pipeline/source_thread.h"

#include "base/clock.h"
#include "base/event_log.h"

namespace skewless {

SourceThread::SourceThread(std::unique_ptr<Source> source, DeadLetterStore* dead_letters,
                           SourceThreadOptions options)
    : source_(std::move(source)),
      dead_letters_(dead_letters),
      options_(std::move(options)),
      queue_(options_.queue_batches),
      times_(options_.name) {}

SourceThread::~SourceThread() { Stop(); }

void SourceThread::Start() {
  thread_ = std::thread([this] {
    while (!stop_.load(std::memory_order_relaxed)) {
      if (!Step()) return;
    }
    queue_.End({});
  });
}

void SourceThread::Stop() {
  stop_.store(true);
  queue_.Stop();
  if (dead_letters_ != nullptr) dead_letters_->Interrupt();
  if (thread_.joinable()) thread_.join();
}

SourceProgress SourceThread::progress() const {
  return {records_.load(std::memory_order_relaxed), dead_.load(std::memory_order_relaxed),
          fraction_.load(std::memory_order_relaxed)};
}

bool SourceThread::Step() {
  Result<bool> more = Pump();
  if (more.has_value() && *more) return true;
  LogEnd(more);
  queue_.End(more.has_value() ? Status{} : tl::unexpected<Error>(std::move(more).error()));
  return false;
}

void SourceThread::LogEnd(const Result<bool>& more) const {
  if (!more && stop_.load()) return;  // what was interrupted comes again
  if (!more) {
    // The engine ends with this error, which is told as its own.
    LogEvent(EventLevel::kError, "source failed",
             {{"source", options_.name}, {"code", ErrorCodeName(more.error().code)}});
  } else if (at_end_) {
    const SourceProgress all = progress();
    LogEvent(
        EventLevel::kInfo, "source ended",
        {{"source", options_.name}, {"records", all.records}, {"dead_letters", all.dead_letters}});
  }
}

// False at the source's end, or when nobody takes its batches any more.
Result<bool> SourceThread::Pump() {
  AcceptedBatch accepted{queue_.Take(), 0};
  SKEWLESS_ASSIGN_OR_RETURN(
      const bool more, source_->Next(options_.batch_rows, options_.wait_us, accepted.batch.get()));
  at_end_ = !more;
  times_.Look(*accepted.batch);
  const SourceProgress now = source_->progress();
  records_.store(now.records, std::memory_order_relaxed);
  fraction_.store(now.fraction, std::memory_order_relaxed);
  if (dead_letters_ != nullptr && dead_letters_->count() > synced_dead_letters_) {
    SKEWLESS_RETURN_IF_ERROR(dead_letters_->Sync());
    synced_dead_letters_ = dead_letters_->count();
  }
  // Not before they are safe: whoever is told of their number is told that they are kept.
  dead_.store(now.dead_letters, std::memory_order_relaxed);
  // A batch of dead letters alone has no rows, and yet its positions belong in the log; and a
  // stream that ended no longer holds the watermark.
  const Batch& batch = *accepted.batch;
  const bool carries = batch.rows() > 0 || !batch.positions.empty() || !batch.runs.empty();
  if (!carries) {
    queue_.GiveBack(std::move(accepted.batch));
    return more;
  }
  accepted.accepted_nanos = MonotonicNanos();
  return queue_.Push(std::move(accepted)) && more;
}

}  // namespace skewless
