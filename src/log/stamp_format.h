// The bytes of a stamp log's file: its header and its frames. See docs/formats/stamps.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "log/stamp_log.h"

namespace skewless {

// Still read: 1, without finished values; 2, which doesn't tell what views' rows are made of; 3,
// without earlier views; 4, without lost writes.
inline constexpr uint32_t kStampVersion = 5;
inline constexpr uint32_t kStampFrameMagic = 0x54574B53;  // "SKWT"
inline constexpr size_t kStampPrefixBytes = 16;           // magic, version, length
inline constexpr size_t kStampFrameHeadBytes = 64;
inline constexpr size_t kMaxStampHeaderBytes = 64 << 20;

struct StampFileHeader {
  uint32_t version = kStampVersion;  // as it was read; what is written has the newest
  uint64_t identity = 0;             // of the log that it lies beside
  int64_t epoch = 0;                 // of its writer
  uint32_t part = 0;                 // of this epoch's files
  uint64_t before_bytes = 0;         // of the whole file before this one; 0 where there is none
  StampKnowledge known = {};         // when this file was begun
  Timestamp computed_us = kMinTimestamp;  // the greatest of all stamps in the files before
  std::vector<StampedView> views = {};    // the writer's own, then earlier ones
  std::vector<StampedView> own_views() const;
};

// What a file is called; names sort in the order in which files were begun.
std::string StampFileName(int64_t epoch, uint32_t part);
std::optional<std::pair<int64_t, uint32_t>> ParseStampFileName(std::string_view name);
inline constexpr std::string_view kUnfinishedStampSuffix = ".new";  // after a file's name and more

void PutStampFileHeader(const StampFileHeader& header, Bytes* out);
// The whole header's length, from its first kStampPrefixBytes bytes. `path` is for messages.
Result<size_t> StampFileHeaderLength(ByteView prefix, const std::string& path);
Result<StampFileHeader> GetStampFileHeader(ByteView bytes, const std::string& path);
// Frames are valid only in the file that they were written to.
uint64_t StampFrameSeed(ByteView header_bytes);

struct StampFrameHead {
  uint32_t payload_bytes = 0;
  uint64_t durable_bytes = 0;  // of the file when this was written: all before is synced
  StampKnowledge known;
  uint64_t payload_checksum = 0;
};
void PutStampFrameHead(const StampFrameHead& head, uint64_t seed, uint8_t* to);
// Nothing where magic or checksum are wrong. `from` has kStampFrameHeadBytes.
std::optional<StampFrameHead> GetStampFrameHead(const uint8_t* from, uint64_t seed);

// The stamps of a frame, each after the one before it, and its lost writes.
class StampEncoder {
 public:
  explicit StampEncoder(const std::vector<StampedView>& views) : views_(views) {}
  void Add(const LoggedStamp& stamp);
  void AddLost(const LostWrite& write);
  bool empty() const { return count_ == 0 && lost_count_ == 0; }
  // The payload, behind `room` bytes for a head; begins anew.
  void Finish(size_t room, Bytes* out);

 private:
  const std::vector<StampedView>& views_;  // of the file
  Bytes entries_, lost_entries_;
  uint64_t count_ = 0, lost_count_ = 0;
  Stamp last_;
};
// False where the bytes make no sense. Keys stay where they are.
bool GetStamps(ByteView payload, const StampFileHeader& header, std::vector<LoggedStamp>* stamps,
               std::vector<LostWrite>* lost);

}  // namespace skewless
