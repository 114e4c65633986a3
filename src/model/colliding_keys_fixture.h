// Keys that whoever knows XXH3 can make up: their unseeded hashes are all the same. A table that
// used those would have to compare each with every other.
#pragma once

#include <cstdint>
#include <string>

namespace skewless {

// The text of one key column. As an encoded key it is 64 bytes, of which XXH3 takes four times 16
// and multiplies the halves of each, masked by a secret that everybody knows. Its third quarter's
// end is that secret, so the last product is zero whatever the other half is.
inline std::string CollidingText(uint64_t number) {
  std::string text(47, 'k');
  text += "\xde\xd4\x6d\xe9\x83\x90\x97\xdb";
  for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>(number >> shift);
  return text;
}

}  // namespace skewless
