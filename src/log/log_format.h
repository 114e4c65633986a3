// The bytes of a segment: its header and the head of a frame. Described in docs/formats/log.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"
#include "log/log.h"

namespace skewless {

inline constexpr uint32_t kLogVersion = 1;
inline constexpr uint32_t kFrameMagic = 0x46574B53;  // "SKWF"
inline constexpr size_t kFrameHeadBytes = 88;
inline constexpr size_t kSegmentPrefixBytes = 16;  // magic, version, length
inline constexpr size_t kMaxSegmentHeaderBytes = 1 << 30;
inline constexpr int64_t kMaxEpoch = 32767;
inline constexpr std::string_view kLockName = "LOCK";
inline constexpr std::string_view kUnfinishedSuffix = ".new";  // after the segment's name and more

using LogPositions = std::map<std::pair<std::string, std::string>, int64_t>;

// What the log holds up to some point. Every segment opens with the totals of all before it, so
// that opening a log costs its last segment, however long it has become.
struct LogTotals {
  int64_t records = 0;
  Sequence last_sequence = 0;
  Timestamp last_processing_us = kMinTimestamp;
  Timestamp last_available_us = kMinTimestamp;
  LogPositions positions;
};

struct SegmentHeader {
  uint64_t identity = 0;
  int64_t epoch = 0;
  Sequence first_sequence = 0;  // that its first record has or will have; also the file's name
  LogTotals before;
  std::vector<LoggedSource> sources;  // by the `source` of a frame
};

std::string SegmentName(Sequence first_sequence);
std::optional<Sequence> ParseSegmentName(std::string_view name);

struct SegmentFile {
  Sequence first_sequence = 0;
  uint64_t bytes = 0;
};
// The segments of a log's directory in order. Where `unfinished` is given, it receives the names of
// segments whose making was interrupted.
Result<std::vector<SegmentFile>> ListSegments(FileSystem& files, const std::string& directory,
                                              std::vector<std::string>* unfinished = nullptr);

void EncodeSegmentHeader(const SegmentHeader& header, Bytes* out);
// The whole header's length, from its first kSegmentPrefixBytes bytes. `path` is for messages.
Result<size_t> SegmentHeaderLength(ByteView prefix, const std::string& path);
Result<SegmentHeader> DecodeSegmentHeader(ByteView bytes, const std::string& path);

struct FrameHead {
  uint32_t payload_bytes = 0;
  Sequence first_sequence = 0;
  uint32_t rows = 0;           // 0: only positions moved
  uint32_t source = 0;         // index in the segment header's sources
  uint32_t frames_left = 0;    // frames of the same batch after this one
  uint64_t durable_bytes = 0;  // of the segment when this frame was written: all before is synced
  Timestamp first_processing_us = 0, last_processing_us = 0;
  Timestamp first_available_us = 0, last_available_us = 0;
  uint64_t payload_checksum = 0;

  // first_sequence - 1 for a frame without rows.
  Sequence last_sequence() const { return first_sequence + rows - 1; }
  uint64_t frame_bytes() const { return kFrameHeadBytes + payload_bytes; }
};

// Checksums are seeded per segment, so that a frame is valid only in the segment it was written to.
uint64_t FrameSeed(const SegmentHeader& header);
void EncodeFrameHead(const FrameHead& head, uint64_t seed, uint8_t* to);  // kFrameHeadBytes
// Nothing where magic or checksum are wrong. `from` has kFrameHeadBytes.
std::optional<FrameHead> DecodeFrameHead(const uint8_t* from, uint64_t seed);

// kCorrupt, naming file and offset, with what to do.
tl::unexpected<Error> CorruptLog(const std::string& path, uint64_t offset, std::string_view what);

}  // namespace skewless
