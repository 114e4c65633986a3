#include "decode/decimal_text.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace skewless {
namespace {

constexpr size_t kMaxBytes = 32;

// Divides a number, the greatest byte first, by ten; returns the remainder.
int DivideByTen(uint8_t* bytes, size_t size) {
  int rest = 0;
  for (size_t i = 0; i < size; ++i) {
    rest = rest * 256 + bytes[i];
    bytes[i] = static_cast<uint8_t>(rest / 10);
    rest %= 10;
  }
  return rest;
}

// The number without its sign; no greater than the 32 bytes hold.
void Negate(uint8_t* bytes, size_t size) {
  bool carry = true;
  for (size_t i = size; i-- > 0;) {
    bytes[i] = static_cast<uint8_t>(~bytes[i] + (carry ? 1 : 0));
    carry = carry && bytes[i] == 0;
  }
}

}  // namespace

bool DecimalText(std::string_view unscaled, int scale, std::string* text) {
  SKEWLESS_CHECK(scale >= 0 && scale <= kMaxDecimalScale);
  const bool negative = !unscaled.empty() && (unscaled[0] & 0x80) != 0;
  const char sign = negative ? '\xff' : '\0';
  while (unscaled.size() > kMaxBytes && unscaled[0] == sign &&
         ((unscaled[1] ^ sign) & 0x80) == 0)  // the next byte tells the sign as well
    unscaled.remove_prefix(1);
  if (unscaled.size() > kMaxBytes) return false;
  uint8_t bytes[kMaxBytes];
  const size_t size = unscaled.size();
  std::copy(unscaled.begin(), unscaled.end(), bytes);
  if (negative) Negate(bytes, size);
  text->clear();  // from its last digit to its first
  const auto digits = static_cast<size_t>(scale) + 1;
  while (text->size() < digits || std::any_of(bytes, bytes + size, [](int b) { return b != 0; })) {
    *text += static_cast<char>('0' + DivideByTen(bytes, size));
  }
  if (scale > 0) text->insert(static_cast<size_t>(scale), ".");
  if (negative) *text += '-';
  std::reverse(text->begin(), text->end());
  return true;
}

}  // namespace skewless
