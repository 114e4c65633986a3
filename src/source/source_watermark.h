// A source's watermark where the source has several streams, such as a topic's partitions: the
// least of its streams' watermarks. Decides which events are too late, or too far ahead.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "definition/definition.h"
#include "model/batch.h"

namespace skewless {

// Events of a batch that are not applied, and the last of each kind.
struct RefusedEvents {
  int64_t late = 0, ahead = 0;
  size_t last_late = 0, last_ahead = 0;  // rows
};

// A stream's watermark is its greatest accepted event time less out_of_orderness. A stream that
// nothing has come of yet holds the source's watermark where it is, and so does a silent one, until
// it has been silent for idle_after. The source's watermark never goes back. A source that doesn't
// tell streams apart has one.
class SourceWatermark {
 public:
  explicit SourceWatermark(const SourceDefinition& source);

  // Sets batch->applied: 0 for events that are behind the watermark, as it stood before each, by
  // more than the allowed lateness, and for those that are ahead of when they came (arrival_us, or
  // else processing_us) by more than they may. They don't move the watermark. `now`: by the
  // engine's clock.
  RefusedEvents Decide(Timestamp now, Batch* batch);
  // Takes in what an earlier run decided.
  void Recover(const Batch& batch);

  Timestamp time() const { return held_; }
  bool refuses_late() const { return allowed_lateness_.has_value(); }

  // Where streams are told apart, the log can't give the watermark back by its records alone: it
  // travels with the source's positions, under names of its own.
  void TellPositions(Batch* batch) const;
  static bool IsPosition(std::string_view stream);
  void RecoverPosition(std::string_view stream, int64_t offset);

 private:
  struct Stream {
    Timestamp greatest_event = kMinTimestamp;
    Timestamp last_came = kMinTimestamp;
    bool open = false;
  };
  void TakeRun(Stream& stream, size_t begin, size_t end, Timestamp now, Batch* batch,
               RefusedEvents* refused);
  Timestamp LeastOfOthers(const Stream& stream, Timestamp now) const;

  const DurationUs out_of_orderness_;
  const std::optional<DurationUs> allowed_lateness_, max_ahead_;
  const std::optional<DurationUs> idle_after_;
  std::map<std::string, Stream, std::less<>> streams_;
  Timestamp held_ = kMinTimestamp;
};

}  // namespace skewless
