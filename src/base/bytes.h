// Little-endian byte encoding, shared by every format of ours.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skewless {

static_assert(std::endian::native == std::endian::little, "formats are read in place");

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;

inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <typename T>
T LoadLe(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <typename T>
void StoreLe(uint8_t* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

// Appends to `out`.
template <typename T>
void PutLe(Bytes& out, T value) {
  const size_t at = out.size();
  out.resize(at + sizeof value);
  StoreLe(out.data() + at, value);
}
void PutVarint(Bytes& out, uint64_t value);  // LEB128
void PutLengthPrefixed(Bytes& out, std::string_view text);
inline void PutRaw(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

constexpr uint64_t ZigZag(int64_t v) {
  return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
}
constexpr int64_t UnZigZag(uint64_t v) {
  return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
}

// Reads forward; after a read past the end `ok()` is false for good and values are zero or empty.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  template <typename T>
  T Get() {
    if (remaining() < sizeof(T)) return Broken<T>();
    T value = LoadLe<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  uint64_t GetVarint();
  std::string_view GetLengthPrefixed();
  ByteView GetRaw(size_t size);
  bool ok() const { return ok_; }
  size_t remaining() const { return static_cast<size_t>(end_ - at_); }

 private:
  template <typename T>
  T Broken() {
    ok_ = false;
    at_ = end_;
    return T{};
  }
  const uint8_t* at_;
  const uint8_t* end_;
  bool ok_ = true;
};

// XXH3-64: the checksum of every format, and, seeded at random, the hash of every key.
uint64_t Hash64(ByteView bytes);
uint64_t Hash64(ByteView bytes, uint64_t seed);
// out[i] = Hash64 of the 8 bytes of words[i], seeded: a whole column of keys in one loop.
void Hash64OfEach(std::span<const int64_t> words, uint64_t seed, uint64_t* out);

}  // namespace skewless
