#include "base/bytes.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace skewless {

void PutVarint(Bytes& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<uint8_t>(value));
}

void PutLengthPrefixed(Bytes& out, std::string_view text) {
  PutVarint(out, text.size());
  PutRaw(out, AsBytes(text));
}

uint64_t ByteReader::GetVarint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == end_) return Broken<uint64_t>();
    const uint64_t byte = *at_++;
    // The tenth byte has room for one bit only.
    if (shift == 63 && byte > 1) return Broken<uint64_t>();
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return Broken<uint64_t>();
}

std::string_view ByteReader::GetLengthPrefixed() {
  const uint64_t size = GetVarint();
  if (size > remaining()) return Broken<std::string_view>();
  return AsText(GetRaw(static_cast<size_t>(size)));
}

ByteView ByteReader::GetRaw(size_t size) {
  if (size > remaining()) return Broken<ByteView>();
  const ByteView bytes(at_, size);
  at_ += size;
  return bytes;
}

uint64_t Hash64(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

uint64_t Hash64(ByteView bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

void Hash64OfEach(std::span<const int64_t> words, uint64_t seed, uint64_t* out) {
  for (size_t i = 0; i < words.size(); ++i)
    out[i] = XXH3_64bits_withSeed(&words[i], sizeof(int64_t), seed);
}

}  // namespace skewless
