// What opening a log does before it may be written: reads every segment's header, checks that they
// follow from each other, verifies the last segment frame by frame and cuts its torn tail. Where
// the log is taken over, the last segment is replaced by a copy first, so that who still has it
// open writes to nothing.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "log/log_format.h"

namespace skewless {

struct RecoveredLog {
  uint64_t identity = 0;  // 0: there was no log
  int64_t epoch = 0;      // the last one
  // It has neither records nor positions, nor a file of stamps, without which nobody claims rows
  // elsewhere: all that it was is a start that failed. Never where the log is taken over, as its
  // writer may still be at work.
  bool epoch_unused = false;
  LogTotals totals;
  LogRecovery report;
};

// `sources` are those of the writer to come; their columns must have the types that they have in
// the log. The caller holds `lock`, and others may not know yet that they don't.
Result<RecoveredLog> RecoverLog(FileSystem& files, const FileLock& lock,
                                const std::string& directory,
                                const std::vector<LoggedSource>& sources, bool take_over);

}  // namespace skewless
