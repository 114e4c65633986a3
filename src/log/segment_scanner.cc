#include "log/segment_scanner.h"

#include <algorithm>
#include <cstring>

namespace skewless {
namespace {

Result<Bytes> ReadHeaderBytes(const RandomFile& file, const std::string& path) {
  Bytes bytes(kSegmentPrefixBytes);
  SKEWLESS_ASSIGN_OR_RETURN(const size_t prefix, file.Read(0, bytes));
  SKEWLESS_ASSIGN_OR_RETURN(const size_t length,
                            SegmentHeaderLength(ByteView(bytes).first(prefix), path));
  SKEWLESS_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (size < length) return CorruptLog(path, 0, "the segment header is cut short");
  bytes.resize(length);
  SKEWLESS_ASSIGN_OR_RETURN(const size_t read, file.Read(0, bytes));
  bytes.resize(read);
  return bytes;
}

}  // namespace

Result<std::unique_ptr<SegmentScanner>> SegmentScanner::Open(FileSystem& files,
                                                             const std::string& directory,
                                                             Sequence first_sequence) {
  std::unique_ptr<SegmentScanner> scanner(new SegmentScanner);
  scanner->files_ = &files;
  scanner->path_ = JoinPath(directory, SegmentName(first_sequence));
  SKEWLESS_ASSIGN_OR_RETURN(scanner->file_, files.OpenRead(scanner->path_));
  SKEWLESS_ASSIGN_OR_RETURN(const Bytes bytes, ReadHeaderBytes(*scanner->file_, scanner->path_));
  SKEWLESS_ASSIGN_OR_RETURN(scanner->header_, DecodeSegmentHeader(bytes, scanner->path_));
  if (scanner->header_.first_sequence != first_sequence) {
    return CorruptLog(scanner->path_, 0,
                      "the segment belongs to another place in the log: its header says " +
                          SegmentName(scanner->header_.first_sequence));
  }
  scanner->seed_ = FrameSeed(scanner->header_);
  scanner->offset_ = bytes.size();
  scanner->last_sequence_ = scanner->header_.before.last_sequence;
  scanner->next_sequence_ = first_sequence;
  return scanner;
}

Status SegmentScanner::Reopen() {
  SKEWLESS_ASSIGN_OR_RETURN(file_, files_->OpenRead(path_));
  known_size_ = 0;
  Forget();
  return {};
}

// Up to `size` bytes from `offset`; fewer only where the file ends.
Result<ByteView> SegmentScanner::View(uint64_t offset, size_t size) {
  if (offset < buffer_offset_ || offset > buffer_offset_ + buffered_) {
    buffer_offset_ = offset;
    buffered_ = 0;
  }
  auto start = static_cast<size_t>(offset - buffer_offset_);
  if (buffered_ - start < size) {
    const size_t kept = buffered_ - start;
    if (kept > 0) std::memmove(buffer_.data(), buffer_.data() + start, kept);
    buffer_offset_ = offset;
    buffered_ = kept;
    start = 0;
    SKEWLESS_ASSIGN_OR_RETURN(known_size_, file_->Size());
    const uint64_t left = known_size_ > offset ? known_size_ - offset : 0;
    const auto there = static_cast<size_t>(std::min<uint64_t>(left, std::max(size, read_ahead_)));
    const size_t wanted = std::max(there, kept);
    if (buffer_.size() < wanted) buffer_.resize(wanted);
    SKEWLESS_ASSIGN_OR_RETURN(
        const size_t read,
        file_->Read(offset + kept, std::span<uint8_t>(buffer_.data() + kept, wanted - kept)));
    buffered_ += read;
  }
  return ByteView(buffer_.data() + start, std::min(size, buffered_ - start));
}

SegmentScanner::Found SegmentScanner::Problem(Found found, uint64_t offset, std::string_view what) {
  problem_ = what;
  problem_offset_ = offset;
  // What is at the end of a file that grows must be read again the next time.
  Forget();
  return found;
}

Result<SegmentScanner::Found> SegmentScanner::HeadAt(uint64_t offset, Sequence expected,
                                                     FrameHead* head) {
  SKEWLESS_ASSIGN_OR_RETURN(const ByteView bytes, View(offset, kFrameHeadBytes));
  if (bytes.empty()) return Problem(Found::kEnd, offset, "the segment ends here");
  if (bytes.size() < kFrameHeadBytes) {
    return Problem(Found::kShort, offset, "the segment ends within the head of a frame");
  }
  const auto decoded = DecodeFrameHead(bytes.data(), seed_);
  if (!decoded) return Problem(Found::kBroken, offset, "the head of a frame fails its checksum");
  if (decoded->first_sequence != expected) {
    return Problem(Found::kBroken, offset, "a frame is out of sequence");
  }
  if (decoded->source >= header_.sources.size()) {
    return Problem(Found::kBroken, offset, "a frame is of a source that its segment does not name");
  }
  const uint64_t end = offset + decoded->frame_bytes();
  if (end > known_size_) {
    SKEWLESS_ASSIGN_OR_RETURN(known_size_, file_->Size());
    if (end > known_size_) {
      return Problem(Found::kShort, offset, "the segment ends within a frame");
    }
  }
  *head = *decoded;
  return Found::kFrame;
}

Result<SegmentScanner::Found> SegmentScanner::FrameAt(uint64_t offset, Sequence expected,
                                                      FrameHead* head, ByteView* payload) {
  SKEWLESS_ASSIGN_OR_RETURN(const Found found, HeadAt(offset, expected, head));
  if (found != Found::kFrame) return found;
  SKEWLESS_ASSIGN_OR_RETURN(const ByteView bytes,
                            View(offset, static_cast<size_t>(head->frame_bytes())));
  if (bytes.size() < head->frame_bytes()) {
    return Problem(Found::kShort, offset, "the segment ends within a frame");
  }
  *payload = bytes.subspan(kFrameHeadBytes);
  if (Hash64(*payload, seed_) != head->payload_checksum) {
    return Problem(Found::kBroken, offset, "the payload of a frame fails its checksum");
  }
  return Found::kFrame;
}

// Of the batch whose frame head_ is at offset_: whether every later frame is there and valid.
Result<SegmentScanner::Found> SegmentScanner::RestOfBatch() {
  FrameHead head = head_;
  uint64_t offset = offset_;
  while (head.frames_left > 0) {
    offset += head.frame_bytes();
    const FrameHead before = head;
    ByteView payload;
    SKEWLESS_ASSIGN_OR_RETURN(const Found found,
                              FrameAt(offset, before.last_sequence() + 1, &head, &payload));
    if (found == Found::kEnd) {
      return Problem(Found::kShort, offset, "the segment ends between two frames of a batch");
    }
    if (found != Found::kFrame) return found;
    if (head.frames_left != before.frames_left - 1 || head.source != before.source) {
      return Problem(Found::kBroken, offset, "a frame of a batch is followed by one of another");
    }
  }
  batch_end_ = offset + head.frame_bytes();
  return Found::kFrame;
}

Result<SegmentScanner::Found> SegmentScanner::ReadHead() {
  return HeadAt(offset_, next_sequence_, &head_);
}

Result<SegmentScanner::Found> SegmentScanner::ReadFrame() {
  SKEWLESS_ASSIGN_OR_RETURN(const Found found, FrameAt(offset_, next_sequence_, &head_, &payload_));
  if (found != Found::kFrame || head_.frames_left == 0 || offset_ < batch_end_) return found;
  SKEWLESS_ASSIGN_OR_RETURN(const Found rest, RestOfBatch());
  if (rest != Found::kFrame) return rest;
  return FrameAt(offset_, next_sequence_, &head_, &payload_);
}

void SegmentScanner::Skip() {
  offset_ += head_.frame_bytes();
  last_sequence_ = std::max(last_sequence_, head_.rows > 0 ? head_.last_sequence() : Sequence{0});
  next_sequence_ = head_.first_sequence + head_.rows;
}

tl::unexpected<Error> SegmentScanner::Undecodable(const Error& error) const {
  if (error.code == ErrorCode::kCorrupt) return CorruptLog(path_, offset_, error.message);
  return Fail(error.code, path_ + ": offset " + std::to_string(offset_) + ": " + error.message,
              error.remedy);
}

Result<bool> SegmentScanner::WasDurable() {
  const uint64_t bad = problem_offset_;
  uint64_t at = bad + 1;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const ByteView bytes, View(at, 1 << 16));
    if (bytes.size() < kFrameHeadBytes) return false;
    const size_t last = bytes.size() - kFrameHeadBytes;
    for (size_t i = 0; i <= last; ++i) {
      if (LoadLe<uint32_t>(bytes.data() + i) != kFrameMagic) continue;
      const auto head = DecodeFrameHead(bytes.data() + i, seed_);
      if (head && head->durable_bytes > bad) return true;
    }
    at += last + 1;
  }
}

}  // namespace skewless
