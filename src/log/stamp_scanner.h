// Walks the frames of one file of stamps. Tells a whole frame from the end of the file and from
// bytes that are not a frame (yet); what those mean is for the caller to say.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "log/stamp_format.h"

namespace skewless {

class StampScanner {
 public:
  enum class Found { kFrame, kEnd, kShort, kBroken };

  static Result<std::unique_ptr<StampScanner>> Open(FileSystem& files, const std::string& directory,
                                                    const std::string& name);

  const std::string& path() const { return path_; }
  const StampFileHeader& header() const { return header_; }
  uint64_t offset() const { return offset_; }  // of the next frame
  Result<uint64_t> FileSize() const { return file_->Size(); }

  // The frame here, all checksums included. Then the scanner is behind it.
  Result<Found> Next();
  const StampFrameHead& head() const { return head_; }
  const std::vector<LoggedStamp>& stamps() const { return stamps_; }  // until the next call
  const std::vector<LostWrite>& lost() const { return lost_; }        // likewise

  // After kShort or kBroken: whether a later frame of this file was written when these bytes were
  // durable already. Then they were damaged after that; else a crash may have torn them.
  Result<bool> WasDurable();
  tl::unexpected<Error> Corrupt() const;

 private:
  StampScanner() = default;
  Result<ByteView> View(uint64_t offset, size_t size);
  Found Problem(Found found, std::string_view what);

  std::string path_;
  std::unique_ptr<RandomFile> file_;
  StampFileHeader header_;
  uint64_t seed_ = 0;
  uint64_t offset_ = 0;
  StampFrameHead head_;
  std::vector<LoggedStamp> stamps_;
  std::vector<LostWrite> lost_;
  std::string_view problem_;

  std::vector<uint8_t> buffer_;
  uint64_t buffer_offset_ = 0;
  size_t buffered_ = 0;
};

}  // namespace skewless
