// How old a view's newest data is for a reader: through the stream, as the log recorded it, and
// through a batch job that loads at each midnight (UTC) what had arrived by then, taking no time
// itself.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "kernel/kernel_set.h"

namespace skewless {

struct AgePoint {
  Timestamp time_us = 0;
  DurationUs streaming_us = 0;  // time - newest event readable
  DurationUs batch_us = 0;      // -1: the batch has loaded nothing yet
};

struct ViewAge {
  std::string view;
  int64_t records = 0;
  // Over all records: event time to readable. Upper ends of buckets of at most 6.25 % width.
  DurationUs streaming_p50_us = 0, streaming_p99_us = 0;
  DurationUs batch_p50_us = 0, batch_p99_us = 0;
  std::vector<AgePoint> points;  // over the time asked for, evenly spaced
};

struct AgeRequest {
  Timestamp from_us = kMinTimestamp;  // of the points; the whole log by default
  Timestamp to_us = kMaxTimestamp;
  DurationUs last_us = 0;  // > 0: the last so much of the log
  int points = 400;
};

Result<std::vector<ViewAge>> MeasureDataAge(FileSystem& files, const Definition& definition,
                                            const KernelSet& kernels, const AgeRequest& request);

}  // namespace skewless
