#include "model/packed_bits.h"

#include <array>
#include <cstring>

namespace skewless {
namespace {

// For each byte its eight bits as eight bytes.
constexpr std::array<uint64_t, 256> MakeSpread() {
  std::array<uint64_t, 256> spread{};
  for (size_t byte = 0; byte < spread.size(); ++byte) {
    for (size_t bit = 0; bit < 8; ++bit) {
      spread[byte] |= static_cast<uint64_t>((byte >> bit) & 1) << (8 * bit);
    }
  }
  return spread;
}
constexpr std::array<uint64_t, 256> kSpread = MakeSpread();

// Eight flags, one in the lowest bit of each byte, to eight bits.
constexpr uint8_t Gather(uint64_t flags) {
  return static_cast<uint8_t>((flags * 0x0102040810204080U) >> 56);
}

}  // namespace

void PackBits(std::span<const uint8_t> flags, Bytes* out) {
  const size_t at = out->size();
  out->resize(at + PackedBitsSize(flags.size()));
  uint8_t* to = out->data() + at;
  size_t i = 0;
  for (; i + 8 <= flags.size(); i += 8) *to++ = Gather(LoadLe<uint64_t>(flags.data() + i));
  for (size_t bit = 0; i + bit < flags.size(); ++bit) {
    *to = static_cast<uint8_t>(*to | (flags[i + bit] << bit));
  }
}

bool UnpackBits(ByteReader& reader, std::span<uint8_t> out) {
  const ByteView packed = reader.GetRaw(PackedBitsSize(out.size()));
  if (!reader.ok()) return false;
  size_t i = 0;
  for (; i + 8 <= out.size(); i += 8) StoreLe(out.data() + i, kSpread[packed[i / 8]]);
  for (; i < out.size(); ++i) out[i] = (packed[i / 8] >> (i % 8)) & 1;
  return true;
}

bool AllSet(std::span<const uint8_t> flags) {
  return flags.empty() || std::memchr(flags.data(), 0, flags.size()) == nullptr;
}

bool NoneSet(std::span<const uint8_t> flags) {
  return flags.empty() || std::memchr(flags.data(), 1, flags.size()) == nullptr;
}

}  // namespace skewless
