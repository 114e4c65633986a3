#include "log/source_records.h"

#include "log/segment_scanner.h"

namespace skewless {
namespace {

constexpr size_t kReadAhead = 16 << 10;

}  // namespace

Result<std::map<std::string, int64_t>> RecordsBySource(FileSystem& files,
                                                       const std::string& directory) {
  SKEWLESS_ASSIGN_OR_RETURN(const std::vector<SegmentFile> segments,
                            ListSegments(files, directory));
  std::map<std::string, int64_t> records;
  for (const SegmentFile& file : segments) {
    SKEWLESS_ASSIGN_OR_RETURN(const auto segment,
                              SegmentScanner::Open(files, directory, file.first_sequence));
    segment->SetReadAhead(kReadAhead);
    for (;;) {
      SKEWLESS_ASSIGN_OR_RETURN(const auto found, segment->ReadHead());
      // Whatever else is here, a reader of the log meets it and says what it means.
      if (found != SegmentScanner::Found::kFrame) break;
      const FrameHead& head = segment->head();
      if (head.rows > 0) records[segment->header().sources[head.source].name] += head.rows;
      segment->Skip();
    }
  }
  return records;
}

}  // namespace skewless
