#include "decode/text_input.h"

#include <algorithm>
#include <cstring>

namespace skewless {

// A small file needs no large window; a compressed one that turns out larger is read in more
// pieces.
static size_t FirstCapacity(const ByteStream& stream) {
  return static_cast<size_t>(std::clamp<uint64_t>(stream.file_bytes(), 4 << 10, 256 << 10));
}

TextInput::TextInput(std::unique_ptr<ByteStream> stream)
    : stream_(std::move(stream)), capacity_(FirstCapacity(*stream_)) {
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity_ + kPadding);
}

Status TextInput::More() {
  if (complete_) return {};
  const size_t kept = size();
  if (kept > capacity_ / 2) {  // a long record: doubling keeps the copying linear
    auto larger = std::make_unique_for_overwrite<char[]>(2 * capacity_ + kPadding);
    std::memcpy(larger.get(), begin(), kept);
    buffer_ = std::move(larger);
    capacity_ *= 2;
  } else {
    std::memmove(buffer_.get(), begin(), kept);
  }
  begin_ = 0;
  end_ = kept;
  // The byte order mark is told from the text by three bytes, which may come one by one.
  const size_t wanted = started_ ? kept + 1 : 3;
  while (end_ < wanted && !complete_) {
    const std::span<uint8_t> room(reinterpret_cast<uint8_t*>(buffer_.get() + end_),
                                  capacity_ - end_);
    SKEWLESS_ASSIGN_OR_RETURN(const size_t got, stream_->Read(room));
    end_ += got;
    complete_ = got == 0;
  }
  std::memset(buffer_.get() + end_, 0, kPadding);
  if (!started_ && std::string_view(begin(), size()).starts_with("\xef\xbb\xbf")) begin_ = 3;
  started_ = true;
  return {};
}

Result<std::string> TextInput::TakeLine() {
  // What KeptPart needs to see to tell that it cuts.
  constexpr size_t kSeen = kMaxKeptBytes + 1;
  std::string front;
  while (true) {
    const void* const newline = size() == 0 ? nullptr : std::memchr(begin(), '\n', size());
    const char* const stop = newline != nullptr ? static_cast<const char*>(newline) : end();
    const size_t length = static_cast<size_t>(stop - begin());
    front.append(begin(), std::min(length, kSeen - front.size()));
    Advance(newline != nullptr ? stop + 1 : stop);
    if (newline != nullptr || complete_) break;
    SKEWLESS_RETURN_IF_ERROR(More());
  }
  if (front.ends_with('\r')) front.pop_back();
  front.resize(KeptPart(front).size());
  return front;
}

std::string_view KeptPart(std::string_view text) {
  if (text.size() <= kMaxKeptBytes) return text;
  size_t end = kMaxKeptBytes;
  const auto continues = [&](size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
  };
  // A character has at most three continuation bytes; more are not UTF-8 anyway.
  for (int i = 0; i < 3 && continues(end); ++i) --end;
  return text.substr(0, continues(end) ? kMaxKeptBytes : end);
}

}  // namespace skewless
