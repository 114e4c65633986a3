// How a view's labels lie beside its records, and why they found nothing: a training set that is
// null all over must not look like one that is right.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "training/join.h"

namespace skewless {

struct LabelCoverage {
  int view = 0;
  ViewCounts counts;
  Timestamp first_label_us = kMaxTimestamp, last_label_us = kMinTimestamp;
  int64_t before_first_record = 0;  // labels
};

// `time_us`: the times that the labels ask about, not those that they were moved to
// (training/read_times.h).
LabelCoverage CoverageOf(int view, std::span<const Timestamp> time_us, const ViewCounts& counts);

// What to warn of: all of the view's labels or nearly all found no record, or all ask about times
// that the history has not come to.
std::optional<Error> CoverageWarning(const Definition& definition, const JoinOptions& options,
                                     const LabelCoverage& coverage);

}  // namespace skewless
