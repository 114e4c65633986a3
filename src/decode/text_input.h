// A window that moves forward over a text file. Whole records lie in it in one piece.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "decode/byte_stream.h"

namespace skewless {

// A longer record is bad, and is skipped without being held in memory.
inline constexpr size_t kMaxRecordBytes = 16 << 20;
// How much of a bad record is kept.
inline constexpr size_t kMaxKeptBytes = 64 << 10;

class TextInput {
 public:
  // Readers may look this far beyond end(): there are zeros, once there was a More().
  static constexpr size_t kPadding = 64;

  explicit TextInput(std::unique_ptr<ByteStream> stream);

  const char* begin() const { return buffer_.get() + begin_; }
  const char* end() const { return buffer_.get() + end_; }
  size_t size() const { return end_ - begin_; }
  // The file has nothing after end().
  bool complete() const { return complete_; }

  // Makes the window longer at its end (or complete()). Pointers into it become invalid.
  Status More();
  // The window now begins at `to`, which lies in it.
  void Advance(const char* to) { begin_ = static_cast<size_t>(to - buffer_.get()); }

  // Passes over the line that begins at begin(), however long, and returns what is kept of it.
  Result<std::string> TakeLine();

  uint64_t bytes_read() const { return stream_->bytes_read(); }
  uint64_t file_bytes() const { return stream_->file_bytes(); }

 private:
  std::unique_ptr<ByteStream> stream_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool complete_ = false;
  bool started_ = false;
};

// At most kMaxKeptBytes of `text`, not cut inside a UTF-8 character.
std::string_view KeptPart(std::string_view text);

}  // namespace skewless
