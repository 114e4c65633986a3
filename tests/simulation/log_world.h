// A log on a simulated disk and what must be true of it: a writer's life after another, each ended
// by a crash or an error, checked against the list of batches that were appended.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "log/log.h"
#include "simulation/simulated_files.h"

namespace skewless {

class LogWorld {
 public:
  explicit LogWorld(uint64_t seed);

  SimulatedFiles& files() { return files_; }
  // Opens the log, checks what was recovered, appends random batches and syncs now and then, while
  // a reader follows. Ends after `batches` or at the first error, which it returns.
  Status Live(int batches);
  // Reads the whole log from the start and compares.
  void CheckContents();
  // Nothing may be missing of what was acknowledged before this.
  size_t acknowledged() const { return acknowledged_; }
  size_t entries() const { return entries_.size(); }

 private:
  // A batch: its rows' items and the position after it.
  struct Entry {
    std::vector<int64_t> items;
    int64_t position = 0;
  };
  void CheckRecovery(const LogWriter& writer);
  void Follow(LogReader* reader, Sequence durable);
  void MakeBatch(Batch* batch);
  std::vector<int64_t> Items(size_t entries) const;

  std::mt19937_64 random_;
  SimulatedFiles files_;
  std::vector<LoggedSource> sources_;
  std::vector<Entry> entries_;  // appended, whether acknowledged or not
  size_t acknowledged_ = 0;     // the first so many entries are durable
  int64_t next_item_ = 1;
  int64_t next_position_ = 1;
  int64_t last_epoch_ = 0;
  size_t followed_ = 0;  // items that the reader of this life has seen
};

}  // namespace skewless
