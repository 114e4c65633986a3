// The heads of several sources, each in arrival order, taken in one order of arrival. Ties go to
// the source defined first, so a history replays the same way every time.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "pipeline/source_thread.h"

namespace skewless {

class ReplayMerge {
 public:
  explicit ReplayMerge(std::vector<SourceThread*> sources);

  enum class Heads { kMissing, kKnown, kEnded };
  // Whether the head of every source that has not ended is known, or all have ended; waits for
  // each at most `wait`. An error of a source is returned as soon as it is seen.
  Result<Heads> Fill(std::chrono::microseconds wait);
  // With known heads: the least arrival among the heads.
  Timestamp NextArrival() const;
  // The rows that come next: of one source, arrivals <= limit, before any other source's head, at
  // most `max_rows`. Null where the next arrival is beyond the limit. Valid until the next call.
  Batch* Take(Timestamp limit, size_t max_rows);

 private:
  struct Head {
    SourceThread* source = nullptr;
    AcceptedBatch current;
    size_t row = 0;  // the first not yet taken
    bool ended = false;
  };
  size_t Least() const;
  void Release(Head& head);

  std::vector<Head> heads_;
  Batch slice_;        // what Take returns where it isn't a whole batch
  int finished_ = -1;  // head whose whole batch was handed out
};

}  // namespace skewless
