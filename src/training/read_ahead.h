// A history that is read and decoded by a thread of its own, a few batches ahead.
#pragma once

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "training/join.h"

namespace skewless {

class ReadAhead {
 public:
  // `history` outlives it.
  explicit ReadAhead(const HistoryStream& history);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The next batch, valid until the next call; null at the end.
  Result<const Batch*> Next();

 private:
  struct Slot {
    Batch batch;
    Result<bool> read = false;
  };
  void Run();

  const HistoryStream& history_;
  std::array<Slot, 4> slots_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t written_ = 0;  // slots filled so far
  size_t taken_ = 0;    // slots given back so far
  bool holding_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace skewless
