#include "log/log_recovery.h"

#include <algorithm>
#include <memory>

#include "log/logged_schemas.h"
#include "log/segment_scanner.h"
#include "log/stamp_format.h"

namespace skewless {
namespace {

using Found = SegmentScanner::Found;

// Each header must continue the one before it. Payloads of earlier segments are not read here: they
// were synced before the next segment was made, and readers verify them.
Status CheckFollows(const SegmentScanner& segment, const SegmentHeader* before) {
  const SegmentHeader& header = segment.header();
  if (before == nullptr) {
    if (header.before.last_sequence == 0) return {};
    return CorruptLog(segment.path(), 0, "this is the first segment, but the log began earlier");
  }
  if (header.identity != before->identity) {
    return CorruptLog(segment.path(), 0, "this segment belongs to another log");
  }
  const bool next = header.epoch == before->epoch || header.epoch == before->epoch + 1;
  if (!next || header.before.records < before->before.records ||
      header.before.last_sequence < before->before.last_sequence) {
    return CorruptLog(segment.path(), 0, "the segment does not follow the one before it");
  }
  return {};
}

Status CheckSchemas(const SegmentHeader& header, const std::string& path,
                    const std::vector<LoggedSource>& sources) {
  for (const LoggedSource& source : sources) {
    const int logged = FindSource(header.sources, source.name);
    if (logged < 0) continue;
    SKEWLESS_RETURN_IF_ERROR(
        CheckReadable(header.sources[static_cast<size_t>(logged)], source, path));
  }
  return {};
}

// Adds a frame to the totals. The batch is decoded without its columns, for the positions.
Status AddFrame(const SegmentScanner& segment, Batch* scratch, LogTotals* totals) {
  static const Schema kNoColumns;
  const FrameHead& head = segment.head();
  const LoggedSource& source = segment.header().sources[head.source];
  const Status decoded = DecodeBatch(segment.payload(), source.schema, kNoColumns, scratch);
  if (!decoded) return segment.Undecodable(decoded.error());
  if (scratch->rows() != head.rows) {
    return CorruptLog(segment.path(), segment.offset(), "a frame's head belies its payload");
  }
  totals->records += head.rows;
  if (head.rows > 0) {
    totals->last_sequence = head.last_sequence();
    totals->last_processing_us = head.last_processing_us;
    totals->last_available_us = head.last_available_us;
  }
  for (const SourcePosition& position : scratch->positions) {
    totals->positions[{source.name, position.stream}] = position.offset;
  }
  return {};
}

// Makes the last segment end after its last whole batch, durably.
Status RepairTail(FileSystem& files, SegmentScanner* segment, Found found, LogRecovery* report) {
  if (found == Found::kShort || found == Found::kBroken) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool damaged, segment->WasDurable());
    if (damaged) return segment->Corrupt();
    SKEWLESS_ASSIGN_OR_RETURN(const uint64_t size, segment->FileSize());
    report->torn_bytes = static_cast<int64_t>(size - segment->offset());
    report->bytes -= report->torn_bytes;
    SKEWLESS_RETURN_IF_ERROR(files.Truncate(segment->path(), segment->offset()));
  }
  // What an older writer appended and never synced may still be only in memory. From here on it
  // counts as accepted, so it must be on the disk.
  SKEWLESS_ASSIGN_OR_RETURN(const auto file, files.OpenAppend(segment->path()));
  return file->Sync();
}

Status RecoverLast(FileSystem& files, SegmentScanner* segment, RecoveredLog* log) {
  log->identity = segment->header().identity;
  log->epoch = segment->header().epoch;
  log->totals = segment->header().before;
  log->epoch_unused = segment->header().first_sequence == MakeSequence(log->epoch, 1);
  Batch scratch;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const Found found, segment->ReadFrame());
    if (found != Found::kFrame) return RepairTail(files, segment, found, &log->report);
    log->epoch_unused = false;
    SKEWLESS_RETURN_IF_ERROR(AddFrame(*segment, &scratch, &log->totals));
    segment->Skip();
  }
}

Result<bool> HasStamps(FileSystem& files, const std::string& directory, int64_t epoch) {
  const std::string stamps = StampDirectory(directory);
  if (!files.Exists(stamps)) return false;
  SKEWLESS_ASSIGN_OR_RETURN(const auto entries, files.List(stamps));
  return std::any_of(entries.begin(), entries.end(), [&](const DirectoryEntry& entry) {
    const auto place = ParseStampFileName(entry.name);
    return !entry.is_directory && place && place->first >= epoch;
  });
}

// The segments, when nothing unfinished is there any more. A writer that lost the lock may still
// rename what it had begun, until that is removed.
Result<std::vector<SegmentFile>> SettleSegments(FileSystem& files, const std::string& directory) {
  for (;;) {
    std::vector<std::string> unfinished;
    SKEWLESS_ASSIGN_OR_RETURN(std::vector<SegmentFile> segments,
                              ListSegments(files, directory, &unfinished));
    if (unfinished.empty()) return segments;
    for (const std::string& name : unfinished) {
      const std::string path = JoinPath(directory, name);
      const Status removed = files.Remove(path);
      if (!removed && removed.error().code != ErrorCode::kNotFound)
        return tl::unexpected<Error>(removed.error());
    }
  }
}

void FillReport(RecoveredLog* log) {
  log->report.records = log->totals.records;
  log->report.last_sequence = log->totals.last_sequence;
  log->report.last_processing_us = log->totals.last_processing_us;
  log->report.last_available_us = log->totals.last_available_us;
  log->report.positions = log->totals.positions;
}

}  // namespace

Result<RecoveredLog> RecoverLog(FileSystem& files, const FileLock& lock,
                                const std::string& directory,
                                const std::vector<LoggedSource>& sources, bool take_over) {
  SKEWLESS_ASSIGN_OR_RETURN(const std::vector<SegmentFile> segments,
                            SettleSegments(files, directory));
  if (take_over && !segments.empty()) {
    const std::string last = SegmentName(segments.back().first_sequence);
    SKEWLESS_RETURN_IF_ERROR(
        ReplaceByCopy(files, lock, JoinPath(directory, last), kUnfinishedSuffix));
  }
  RecoveredLog log;
  log.report.segments = static_cast<int64_t>(segments.size());
  std::unique_ptr<SegmentScanner> last;
  for (const SegmentFile& segment : segments) {
    log.report.bytes += static_cast<int64_t>(segment.bytes);
    SKEWLESS_ASSIGN_OR_RETURN(auto scanner,
                              SegmentScanner::Open(files, directory, segment.first_sequence));
    SKEWLESS_RETURN_IF_ERROR(CheckFollows(*scanner, last ? &last->header() : nullptr));
    // A segment without records binds nobody to its schemas.
    if (last && scanner->header().before.records > last->header().before.records) {
      SKEWLESS_RETURN_IF_ERROR(CheckSchemas(last->header(), last->path(), sources));
    }
    last = std::move(scanner);
  }
  if (last) {
    SKEWLESS_RETURN_IF_ERROR(RecoverLast(files, last.get(), &log));
    if (log.totals.records > last->header().before.records) {
      SKEWLESS_RETURN_IF_ERROR(CheckSchemas(last->header(), last->path(), sources));
    }
  }
  if (log.epoch_unused) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool stamped, HasStamps(files, directory, log.epoch));
    log.epoch_unused = !stamped && !take_over;
  }
  FillReport(&log);
  return log;
}

}  // namespace skewless
