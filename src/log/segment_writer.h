// One segment being written: made under a temporary name and renamed when its header is durable, so
// that a segment with its right name always has a whole header.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "log/log_format.h"

namespace skewless {

class SegmentWriter {
 public:
  // Durable when this returns.
  static Result<std::unique_ptr<SegmentWriter>> Create(FileSystem& files, const FileLock& lock,
                                                       const std::string& directory,
                                                       const SegmentHeader& header);
  // Completes the frame whose payload stands in `frame` after kFrameHeadBytes of room, and appends
  // it with one write. `head` has everything but lengths and checksums.
  Status Append(FrameHead head, Bytes* frame);
  Status Sync();
  // After a failed Sync: drops what is not known to be durable, so that nobody takes bytes that
  // the kernel holds but may never write for a part of the log.
  void CutToDurable();

  uint64_t bytes() const { return file_->size(); }
  uint64_t header_bytes() const { return header_bytes_; }
  bool synced() const { return durable_bytes_ == bytes(); }

 private:
  SegmentWriter() = default;

  std::unique_ptr<AppendFile> file_;
  uint64_t seed_ = 0;
  uint64_t header_bytes_ = 0;
  uint64_t durable_bytes_ = 0;
};

}  // namespace skewless
