// Keeps the offline tables up with the log, in a thread of its own: it reads what is durable and
// commits by time and by memory; between, it merges small files.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "log/log.h"
#include "offline/offline_writer.h"
#include "pipeline/engine_stats.h"

namespace skewless {

struct OfflineThreadOptions {
  DurationUs commit_interval_us = 60 * kSecondUs;
  DurationUs poll_us = 20'000;
};

class OfflineThread {
 public:
  OfflineThread(std::unique_ptr<OfflineWriter> writer, std::unique_ptr<LogReader> reader,
                EngineStats* stats, OfflineThreadOptions options);
  ~OfflineThread();
  void Start();
  // What the thread does, again and again: what is durable into the tables, a commit where one is
  // due, and some of a merge. An error is the thread's last word.
  void Step() { Follow(false); }
  // The log is durable up to here.
  void SetDurable(Sequence sequence) { durable_.store(sequence, std::memory_order_release); }
  // Reads to the durable end, commits, and ends; without Start, too. The first error of the
  // thread's life is returned.
  Status Finish();
  bool failed() const { return failed_.load(std::memory_order_relaxed); }
  Status status() const;

 private:
  void Run();
  void Follow(bool to_the_end);
  Status ReadDurable();
  Status CommitIfDue(bool due);
  Status Compact(bool at_the_end);

  std::unique_ptr<OfflineWriter> writer_;
  std::unique_ptr<LogReader> reader_;
  EngineStats* stats_;
  OfflineThreadOptions options_;
  Sequence looked_at_ = 0;
  int64_t last_commit_nanos_;
  std::atomic<Sequence> durable_{0};
  std::atomic<bool> finish_{false}, failed_{false};
  mutable std::mutex mutex_;
  Status status_;
  std::thread thread_;
};

}  // namespace skewless
