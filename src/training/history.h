// Histories to replay: the log, or the definition's file sources read directly (a history that
// never went through an engine), in arrival order, sequence numbers given by that order.
#pragma once

#include <memory>
#include <string>
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

// Of the sources' files: what an engine would have put with its dead letters, and no label sees.
struct UnreadRecords {
  int64_t count = 0;
  std::string first;  // where, and why
};

struct History {
  HistoryStream next;            // keeps what it needs
  int64_t expected_records = 0;  // 0: unknown
  // Of the log, where its own times are not what readers went by; null: they are.
  std::shared_ptr<RecordAvailability> availability = nullptr;
  // Set when `next` failed because files that were taken to be sorted are not.
  std::shared_ptr<bool> out_of_order = std::make_shared<bool>(false);
  std::shared_ptr<UnreadRecords> unread = std::make_shared<UnreadRecords>();  // by `next`, so far
};

// How source files come into arrival order. kAsTheyLie costs nothing, and fails with `out_of_order`
// at the first record that arrived before the one in front of it.
enum class FileOrder { kAsTheyLie, kSort };

struct FileSorting {
  FileOrder order = FileOrder::kSort;
  // Beyond this the records of a source are sorted through a file in `spill_directory`: one of the
  // reader's own, since an engine that sorts the same source makes a file of the same name. Empty:
  // among the system's temporary files.
  int64_t memory_bytes = 512 << 20;
  std::string spill_directory = {};
};

// Streams the records of the sources that the views in `views` need. Columns that no view looks at
// may come empty.
Result<History> OpenHistory(FileSystem& files, const Definition& definition, HistoryKind kind,
                            const std::vector<int>& views, const FileSorting& sorting = {});

}  // namespace skewless
