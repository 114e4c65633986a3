// Histories to replay: the log, or the definition's file sources read directly (a history that
// never went through an engine), in arrival order, sequence numbers given by that order.
#pragma once

#include <memory>
#include <vector>

#include "base/file.h"
#include "log/log.h"
#include "training/join.h"

namespace skewless {

// The sources as the log knows them, in the definition's order.
std::vector<LoggedSource> LoggedSources(const Definition& definition);
// The definition's log, to read it with its sources' schemas of today.
Result<std::unique_ptr<LogReader>> OpenLogReader(FileSystem& files, const Definition& definition);

enum class HistoryKind { kLog, kSources };

struct History {
  HistoryStream next;            // keeps what it needs
  int64_t expected_records = 0;  // 0: unknown
};

// Streams the records of the sources that the views in `views` need.
Result<History> OpenHistory(FileSystem& files, const Definition& definition, HistoryKind kind,
                            const std::vector<int>& views);

}  // namespace skewless
