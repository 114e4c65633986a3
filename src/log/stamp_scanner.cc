#include "log/stamp_scanner.h"

#include <algorithm>

#include "log/log_format.h"

namespace skewless {
namespace {

constexpr size_t kReadAhead = 1 << 20;

}  // namespace

Result<std::unique_ptr<StampScanner>> StampScanner::Open(FileSystem& files,
                                                         const std::string& directory,
                                                         const std::string& name) {
  std::unique_ptr<StampScanner> scanner(new StampScanner);
  scanner->path_ = JoinPath(directory, name);
  SKEWLESS_ASSIGN_OR_RETURN(scanner->file_, files.OpenRead(scanner->path_));
  SKEWLESS_ASSIGN_OR_RETURN(const ByteView prefix, scanner->View(0, kStampPrefixBytes));
  SKEWLESS_ASSIGN_OR_RETURN(const size_t length, StampFileHeaderLength(prefix, scanner->path_));
  SKEWLESS_ASSIGN_OR_RETURN(const ByteView bytes, scanner->View(0, length));
  SKEWLESS_ASSIGN_OR_RETURN(scanner->header_, GetStampFileHeader(bytes, scanner->path_));
  if (StampFileName(scanner->header_.epoch, scanner->header_.part) != name) {
    return CorruptLog(scanner->path_, 0, "the file has another's name");
  }
  scanner->seed_ = StampFrameSeed(bytes.first(length));
  scanner->offset_ = length;
  return scanner;
}

// Up to `size` bytes from `offset`; fewer only where the file ends.
Result<ByteView> StampScanner::View(uint64_t offset, size_t size) {
  const bool there = offset >= buffer_offset_ && offset + size <= buffer_offset_ + buffered_;
  if (!there) {
    buffered_ = 0;
    SKEWLESS_ASSIGN_OR_RETURN(const uint64_t end, file_->Size());
    const uint64_t left = end > offset ? end - offset : 0;
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(left, std::max(size, kReadAhead)));
    if (buffer_.size() < wanted) buffer_.resize(wanted);
    SKEWLESS_ASSIGN_OR_RETURN(buffered_,
                              file_->Read(offset, std::span<uint8_t>(buffer_.data(), wanted)));
    buffer_offset_ = offset;
  }
  const auto start = static_cast<size_t>(offset - buffer_offset_);
  return ByteView(buffer_.data() + start, std::min(size, buffered_ - start));
}

StampScanner::Found StampScanner::Problem(Found found, std::string_view what) {
  problem_ = what;
  buffered_ = 0;  // what is at the end of a file that grows must be read again
  return found;
}

Result<StampScanner::Found> StampScanner::Next() {
  SKEWLESS_ASSIGN_OR_RETURN(const ByteView head_bytes, View(offset_, kStampFrameHeadBytes));
  if (head_bytes.empty()) return Problem(Found::kEnd, "the file ends here");
  if (head_bytes.size() < kStampFrameHeadBytes) {
    return Problem(Found::kShort, "the file ends within the head of a frame");
  }
  const auto head = GetStampFrameHead(head_bytes.data(), seed_);
  if (!head) return Problem(Found::kBroken, "the head of a frame fails its checksum");
  SKEWLESS_ASSIGN_OR_RETURN(const uint64_t file_bytes, FileSize());
  const size_t frame_bytes = kStampFrameHeadBytes + head->payload_bytes;
  if (offset_ + frame_bytes > file_bytes) {
    return Problem(Found::kShort, "the file ends within a frame");
  }
  SKEWLESS_ASSIGN_OR_RETURN(const ByteView frame, View(offset_, frame_bytes));
  const ByteView payload = frame.subspan(std::min(frame.size(), kStampFrameHeadBytes));
  if (payload.size() != head->payload_bytes || Hash64(payload, seed_) != head->payload_checksum) {
    return Problem(Found::kBroken, "the payload of a frame fails its checksum");
  }
  if (!GetStamps(payload, header_, &stamps_, &lost_)) {
    return Problem(Found::kBroken, "the stamps of a frame make no sense");
  }
  head_ = *head;
  offset_ += frame_bytes;
  return Found::kFrame;
}

Result<bool> StampScanner::WasDurable() {
  uint64_t at = offset_ + 1;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const ByteView bytes, View(at, 1 << 16));
    if (bytes.size() < kStampFrameHeadBytes) break;
    const size_t last = bytes.size() - kStampFrameHeadBytes;
    for (size_t i = 0; i <= last; ++i) {
      if (LoadLe<uint32_t>(bytes.data() + i) != kStampFrameMagic) continue;
      const auto head = GetStampFrameHead(bytes.data() + i, seed_);
      if (head && head->durable_bytes > offset_) return true;
    }
    at += last + 1;
  }
  buffered_ = 0;
  return false;
}

tl::unexpected<Error> StampScanner::Corrupt() const { return CorruptLog(path_, offset_, problem_); }

}  // namespace skewless
