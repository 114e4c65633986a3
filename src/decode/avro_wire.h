// The primitives of Avro's binary encoding, read from the front of a span. Each returns false where
// the bytes can't be the value, and says why with Fail().
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace skewless {

class AvroWire {
 public:
  explicit AvroWire(std::string_view bytes)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  size_t left() const { return static_cast<size_t>(end_ - at_); }
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }
  // "ends inside a long, at byte 9"
  const std::string& problem() const { return problem_; }

  bool Fail(std::string_view what) {
    problem_ = std::string(what) + ", at byte " + std::to_string(offset());
    return false;
  }

  bool ReadLong(int64_t* value) {
    if (at_ != end_ && (static_cast<uint8_t>(*at_) & 0x80) == 0) [[likely]] {
      *value = Unzigzag(static_cast<uint8_t>(*at_++));
      return true;
    }
    return ReadLongLong(value);
  }
  bool ReadInt(int64_t* value) {
    if (!ReadLong(value)) return false;
    return *value == static_cast<int32_t>(*value) || Fail("an int has more than 32 bits");
  }
  bool ReadBoolean(int64_t* value) {
    if (left() < 1) return Fail("ends inside a boolean");
    *value = static_cast<uint8_t>(*at_);
    if (*value > 1) return Fail("a boolean is neither 0 nor 1");
    ++at_;
    return true;
  }
  bool ReadFloat(double* value) {
    uint32_t bits = 0;
    if (!ReadLittleEndian(&bits)) return Fail("ends inside a float");
    *value = static_cast<double>(std::bit_cast<float>(bits));
    return true;
  }
  bool ReadDouble(double* value) {
    uint64_t bits = 0;
    if (!ReadLittleEndian(&bits)) return Fail("ends inside a double");
    *value = std::bit_cast<double>(bits);
    return true;
  }
  bool ReadFixed(uint64_t size, std::string_view* bytes) {
    if (size > left()) {
      return Fail(std::to_string(size) + " bytes are to follow where " + std::to_string(left()) +
                  " are left");
    }
    *bytes = {at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
  }
  bool ReadBytes(std::string_view* bytes) {
    int64_t size = 0;
    if (!ReadLong(&size)) return false;
    if (size < 0) return Fail("a length is negative");
    return ReadFixed(static_cast<uint64_t>(size), bytes);
  }

 private:
  static int64_t Unzigzag(uint64_t bits) {
    return static_cast<int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
  }

  bool ReadLongLong(int64_t* value) {
    uint64_t bits = 0;
    const char* at = at_;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at == end_) return Fail("ends inside a long");
      const auto byte = static_cast<uint8_t>(*at++);
      if (shift == 63 && byte > 1) return Fail("a long has more than 64 bits");
      bits |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) != 0) continue;
      at_ = at;
      *value = Unzigzag(bits);
      return true;
    }
    return Fail("a long has more than 64 bits");
  }

  template <typename Bits>
  bool ReadLittleEndian(Bits* bits) {
    static_assert(std::endian::native == std::endian::little);
    if (left() < sizeof(Bits)) return false;
    std::memcpy(bits, at_, sizeof(Bits));
    at_ += sizeof(Bits);
    return true;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  std::string problem_;
};

}  // namespace skewless
