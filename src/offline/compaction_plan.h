// Which files of the offline tables are merged into one: neighbours of one view and date, none of
// them so large that the others hardly add to it. So each time that a row is written again its file
// is several times larger than before, and the times are few: the logarithm of the date's rows.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "offline/offline_file.h"

namespace skewless {

struct CompactionOptions {
  // So many files of like size are merged; and where nothing came to a date for `quiet_us`, so
  // many. 0: none.
  size_t files = 16;
  size_t quiet_files = 2;
  DurationUs quiet_us = kHourUs;
  size_t most_files = 128;  // in one merge, and at most so many bytes
  int64_t most_bytes = 256 << 20;
  int64_t small_bytes = 64 << 10;  // smaller files are as good as of this size
  int64_t step_rows = 64 << 10;    // about so many are copied at a time
};

// A view and a date: the folder of their files, relative to the tables'.
std::string_view PartitionOf(const OfflineFileInfo& file);

// The longest run that is to be merged now, as indices of `files`, in order of sequence; empty
// where there is none. `files_needed` says how many a partition must have for it; 0: leave it
// alone.
std::vector<size_t> PlanMerge(const std::vector<OfflineFileInfo>& files,
                              const CompactionOptions& options,
                              const std::function<size_t(std::string_view)>& files_needed);

}  // namespace skewless
