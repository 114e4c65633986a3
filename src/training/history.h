// Histories to replay: the log, or the definition's file sources read directly (a history that never
// went through an engine), in arrival order, sequence numbers given by that order.
#pragma once

#include "base/file.h"
#include "training/join.h"

namespace skewless {

enum class HistoryKind { kLog, kSources };

// Streams of the sources that the views in `views` need. The returned function keeps what it needs.
Result<HistoryStream> OpenHistory(FileSystem& files, const Definition& definition, HistoryKind kind,
                                  const std::vector<int>& views);

}  // namespace skewless
