// One thread that reads a source and decodes it, ahead of the engine by a bounded queue.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "decode/dead_letter.h"
#include "pipeline/batch_queue.h"
#include "pipeline/times_watch.h"
#include "source/source.h"

namespace skewless {

struct SourceThreadOptions {
  std::string name;  // the source's, for the event log
  size_t batch_rows = 8192;
  size_t queue_batches = 8;
  DurationUs wait_us = 50'000;  // for an unbounded source that has nothing
};

class SourceThread {
 public:
  // `dead_letters` may be null where the sink of the source goes elsewhere; else it is synced
  // before a batch that moves the source's positions past a dead letter is handed on.
  SourceThread(std::unique_ptr<Source> source, DeadLetterStore* dead_letters,
               SourceThreadOptions options);
  ~SourceThread();
  void Start();
  void Stop();  // and waits for the thread
  // What the thread does, again and again: one batch from the source into the queue. False when
  // that was the last: the queue says how it ended. Waits only where the queue is full.
  bool Step();

  BatchQueue& queue() { return queue_; }
  SourceProgress progress() const;
  LiveProgress live_progress() const { return source_->live_progress(); }
  void Durable(const std::vector<SourcePosition>& positions) { source_->Durable(positions); }

 private:
  Result<bool> Pump();
  void LogEnd(const Result<bool>& more) const;

  std::unique_ptr<Source> source_;
  DeadLetterStore* dead_letters_;
  SourceThreadOptions options_;
  BatchQueue queue_;
  TimesWatch times_;
  int64_t synced_dead_letters_ = 0;
  bool at_end_ = false;  // the source's own end, not ours
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> records_{0}, dead_{0};
  std::atomic<double> fraction_{0};
  std::thread thread_;
};

}  // namespace skewless
