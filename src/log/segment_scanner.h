// Walks the frames of one segment with large sequential reads. Tells a whole frame from the end of
// the file and from bytes that are not a frame (yet); what those mean is for the caller to say.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "log/log_format.h"

namespace skewless {

class SegmentScanner {
 public:
  enum class Found {
    kFrame,
    kEnd,     // the file ends exactly here
    kShort,   // it ends within a frame, or between the frames of one batch
    kBroken,  // there are bytes, but no valid frame
  };

  // Opens the segment with that name and reads its header.
  static Result<std::unique_ptr<SegmentScanner>> Open(FileSystem& files,
                                                      const std::string& directory,
                                                      Sequence first_sequence);

  const std::string& path() const { return path_; }
  const SegmentHeader& header() const { return header_; }
  uint64_t offset() const { return offset_; }
  // Of the last frame skipped; before the first one, the log's before this segment.
  Sequence last_sequence() const { return last_sequence_; }
  // That the next frame begins with.
  Sequence next_sequence() const { return next_sequence_; }

  // Looks at the head here, and that the file is long enough for its payload.
  Result<Found> ReadHead();
  // Looks at the frame here, all checksums included. The first frame of a batch is found only if
  // all of them are there, so that nobody sees half a batch.
  Result<Found> ReadFrame();
  const FrameHead& head() const { return head_; }
  // Of the frame that ReadFrame found; valid until the next call.
  ByteView payload() const { return payload_; }
  // Moves past the frame that was found last.
  void Skip();
  // Goes on in the file that has the segment's name now: who takes a log over puts a copy there.
  Status Reopen();
  // Forgets bytes read ahead; those of a file that is being written may have changed since.
  void Forget() { buffered_ = 0; }
  // How much to read at once; small where only heads are wanted.
  void SetReadAhead(size_t bytes) { read_ahead_ = bytes; }

  // After kShort or kBroken: whether a later frame in this file was written when these bytes were
  // already durable. Then they were damaged after that; otherwise they may have been torn by a
  // crash before anyone was told that they are safe.
  Result<bool> WasDurable();
  // After kShort or kBroken: kCorrupt with file, offset and problem.
  tl::unexpected<Error> Corrupt() const { return CorruptLog(path_, problem_offset_, problem_); }
  // The error for a frame here whose checksums hold and whose payload DecodeBatch refused.
  tl::unexpected<Error> Undecodable(const Error& error) const;
  Result<uint64_t> FileSize() const { return file_->Size(); }

 private:
  SegmentScanner() = default;
  Result<ByteView> View(uint64_t offset, size_t size);
  Result<Found> HeadAt(uint64_t offset, Sequence expected, FrameHead* head);
  Result<Found> FrameAt(uint64_t offset, Sequence expected, FrameHead* head, ByteView* payload);
  Result<Found> RestOfBatch();
  Found Problem(Found found, uint64_t offset, std::string_view what);

  FileSystem* files_ = nullptr;
  std::string path_;
  std::unique_ptr<RandomFile> file_;
  SegmentHeader header_;
  uint64_t seed_ = 0;
  uint64_t offset_ = 0;
  uint64_t batch_end_ = 0;  // up to here all frames' batches were seen to be whole
  uint64_t known_size_ = 0;
  Sequence last_sequence_ = 0;
  Sequence next_sequence_ = 0;
  FrameHead head_;
  ByteView payload_;

  std::vector<uint8_t> buffer_;
  uint64_t buffer_offset_ = 0;
  size_t buffered_ = 0;
  size_t read_ahead_ = 1 << 20;

  std::string_view problem_;
  uint64_t problem_offset_ = 0;
};

}  // namespace skewless
