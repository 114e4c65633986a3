// InspectLog: what is in each segment, by heads alone or with every checksum.
#include <algorithm>
#include <memory>

#include "log/log.h"
#include "log/log_format.h"
#include "log/segment_scanner.h"

namespace skewless {
namespace {

using Found = SegmentScanner::Found;

void AddFrame(const FrameHead& head, SegmentInfo* info) {
  ++info->frames;
  if (head.rows == 0) return;
  if (info->records == 0) info->first_processing_us = head.first_processing_us;
  info->last_processing_us = head.last_processing_us;
  info->records += head.rows;
  info->last_sequence = head.last_sequence();
}

// By heads, the start of a batch that the segment's end cuts looks whole, so it counts only once
// its last frame was seen.
Result<Found> WalkFrames(SegmentScanner* segment, bool verify, SegmentInfo* info) {
  SegmentInfo batch = *info;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const Found found,
                              verify ? segment->ReadFrame() : segment->ReadHead());
    if (found != Found::kFrame) {
      return found == Found::kEnd && batch.frames != info->frames ? Found::kShort : found;
    }
    AddFrame(segment->head(), &batch);
    batch.bytes += static_cast<int64_t>(segment->head().frame_bytes());
    const bool whole = segment->head().frames_left == 0;
    segment->Skip();
    if (whole) *info = batch;
  }
}

Result<SegmentInfo> InspectSegment(SegmentScanner* segment, bool verify, bool last) {
  SegmentInfo info;
  info.file = segment->path();
  info.first_sequence = segment->header().first_sequence;
  info.last_sequence = segment->header().before.last_sequence;
  info.epoch = segment->header().epoch;
  info.bytes = static_cast<int64_t>(segment->offset());
  segment->SetReadAhead(verify ? 1 << 20 : 16 << 10);
  SKEWLESS_ASSIGN_OR_RETURN(const Found found, WalkFrames(segment, verify, &info));
  if (found == Found::kEnd) return info;
  if (!last) return segment->Corrupt();
  SKEWLESS_ASSIGN_OR_RETURN(const bool damaged, segment->WasDurable());
  if (damaged) return segment->Corrupt();
  SKEWLESS_ASSIGN_OR_RETURN(const uint64_t size, segment->FileSize());
  info.torn_bytes = static_cast<int64_t>(size) - info.bytes;
  return info;
}

}  // namespace

Result<std::vector<SegmentInfo>> InspectLog(FileSystem& files, const std::string& directory,
                                            bool verify) {
  SKEWLESS_ASSIGN_OR_RETURN(const std::vector<SegmentFile> segments,
                            ListSegments(files, directory));
  std::vector<SegmentInfo> infos;
  Sequence last_sequence = 0;
  for (size_t i = 0; i < segments.size(); ++i) {
    SKEWLESS_ASSIGN_OR_RETURN(const auto segment,
                              SegmentScanner::Open(files, directory, segments[i].first_sequence));
    if (segment->header().before.last_sequence != last_sequence) {
      return CorruptLog(segment->path(), 0, "records before this segment are missing");
    }
    SKEWLESS_ASSIGN_OR_RETURN(SegmentInfo info,
                              InspectSegment(segment.get(), verify, i + 1 == segments.size()));
    last_sequence = std::max(last_sequence, info.last_sequence);
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace skewless
