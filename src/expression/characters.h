// Characters of texts. A character starts at the text's first byte and at every byte that does not
// continue a UTF-8 sequence, so every string of bytes, valid UTF-8 or not, has one reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace skewless {

inline bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

inline int64_t CountCharacters(std::string_view text) {
  if (text.empty()) return 0;
  int64_t count = IsContinuation(text[0]) ? 1 : 0;
  for (const char c : text) count += IsContinuation(c) ? 0 : 1;
  return count;
}

// The offset where the character after the one at `at` starts. `at` < size.
inline size_t NextCharacter(std::string_view text, size_t at) {
  for (++at; at < text.size() && IsContinuation(text[at]); ++at) {
  }
  return at;
}

// The offset behind the first `count` characters; the size where there are fewer. count <= 0: 0.
inline size_t SkipCharacters(std::string_view text, int64_t count) {
  size_t at = 0;
  for (; count > 0 && at < text.size(); --count) at = NextCharacter(text, at);
  return at;
}

// Simple case mapping of ASCII, Latin, Greek, Cyrillic and Armenian letters. Every mapped letter
// keeps its number of bytes, so `to` holds exactly text.size() bytes. Other bytes stay.
void LowerCase(std::string_view text, char* to);
void UpperCase(std::string_view text, char* to);

}  // namespace skewless
