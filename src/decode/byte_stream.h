// The contents of a file from front to back, decompressed on the way where it is gzip or Zstandard.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace skewless {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Fills the front of `out` (not empty) and returns how much of it; 0 only at the end. kCorrupt
  // names the file and the offset in it where compressed data ends early or makes no sense.
  virtual Result<size_t> Read(std::span<uint8_t> out) = 0;
  // Bytes of the file as it lies on disk: how many were read, of how many.
  virtual uint64_t bytes_read() const = 0;
  virtual uint64_t file_bytes() const = 0;
};

enum class Compression {
  kByContents,  // known by the first bytes, whatever the file is called
  kNone,
  kGzip,
  kZstd,
};

// Several gzip members or Zstandard frames after one another are one stream. Contents that are not
// what `compression` or a name that ends in .gz or .zst promises are an error; an empty file is
// not.
Result<std::unique_ptr<ByteStream>> OpenByteStream(
    FileSystem& files, const std::string& path, Compression compression = Compression::kByContents);

}  // namespace skewless
