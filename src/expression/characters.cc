#include "expression/characters.h"

#include <array>
#include <cstring>

namespace skewless {
namespace {

// Upper-case letters first..last, every `step`, lie `distance` below their lower-case ones.
struct CaseRange {
  uint32_t first;
  uint32_t last;
  uint32_t step;
  int32_t distance;
};
// From Unicode's simple mappings, those of both directions and of equal length in UTF-8.
constexpr std::array<CaseRange, 30> kRanges = {{
    {0x00C0, 0x00D6, 1, 32},   {0x00D8, 0x00DE, 1, 32}, {0x0100, 0x012E, 2, 1},
    {0x0132, 0x0136, 2, 1},    {0x0139, 0x0147, 2, 1},  {0x014A, 0x0176, 2, 1},
    {0x0178, 0x0178, 1, -121}, {0x0179, 0x017D, 2, 1},  {0x0386, 0x0386, 1, 38},
    {0x0388, 0x038A, 1, 37},   {0x038C, 0x038C, 1, 64}, {0x038E, 0x038F, 1, 63},
    {0x0391, 0x03A1, 1, 32},   {0x03A3, 0x03AB, 1, 32}, {0x0400, 0x040F, 1, 80},
    {0x0410, 0x042F, 1, 32},   {0x0460, 0x0480, 2, 1},  {0x048A, 0x04BE, 2, 1},
    {0x04C1, 0x04CD, 2, 1},    {0x04D0, 0x052E, 2, 1},  {0x0531, 0x0556, 1, 48},
    {0x1E00, 0x1E94, 2, 1},    {0x1EA0, 0x1EFE, 2, 1},  {0x04C0, 0x04C0, 1, 15},
    {0x01A0, 0x01A4, 2, 1},    {0x01AF, 0x01AF, 1, 1},  {0x01CD, 0x01DB, 2, 1},
    {0x01DE, 0x01EE, 2, 1},    {0x01F8, 0x021E, 2, 1},  {0x0222, 0x0232, 2, 1},
}};

bool Contains(const CaseRange& range, uint32_t c, uint32_t first, uint32_t last) {
  return c >= first && c <= last && (c - first) % range.step == 0;
}

uint32_t Lower(uint32_t c) {
  for (const CaseRange& range : kRanges) {
    if (!Contains(range, c, range.first, range.last)) continue;
    return static_cast<uint32_t>(static_cast<int32_t>(c) + range.distance);
  }
  return c;
}

uint32_t Upper(uint32_t c) {
  if (c == 0x03C2) return 0x03A3;  // the sigma at a word's end
  for (const CaseRange& range : kRanges) {
    const auto first = static_cast<uint32_t>(static_cast<int32_t>(range.first) + range.distance);
    const auto last = static_cast<uint32_t>(static_cast<int32_t>(range.last) + range.distance);
    if (!Contains(range, c, first, last)) continue;
    return static_cast<uint32_t>(static_cast<int32_t>(c) - range.distance);
  }
  return c;
}

uint32_t Byte(char c) { return static_cast<unsigned char>(c); }
char Continuation(uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); }

template <typename Map>
void MapLetters(std::string_view text, char* to, char ascii_first, Map map) {
  size_t i = 0;
  while (i < text.size()) {
    const uint32_t lead = Byte(text[i]);
    if (lead < 0x80) {
      const bool letter = text[i] >= ascii_first && text[i] < ascii_first + 26;
      to[i] = static_cast<char>(letter ? lead ^ 0x20 : lead);
      ++i;
    } else if (lead >= 0xC3 && lead <= 0xDF && i + 1 < text.size() && IsContinuation(text[i + 1])) {
      const uint32_t c = map(((lead & 0x1F) << 6) | (Byte(text[i + 1]) & 0x3F));
      to[i] = static_cast<char>(0xC0 | (c >> 6));
      to[i + 1] = Continuation(c);
      i += 2;
    } else if (lead == 0xE1 && i + 2 < text.size() && IsContinuation(text[i + 1]) &&
               IsContinuation(text[i + 2])) {
      const uint32_t c =
          map(0x1000 | ((Byte(text[i + 1]) & 0x3F) << 6) | (Byte(text[i + 2]) & 0x3F));
      to[i] = static_cast<char>(0xE0 | (c >> 12));
      to[i + 1] = Continuation(c >> 6);
      to[i + 2] = Continuation(c);
      i += 3;
    } else {
      to[i] = text[i];
      ++i;
    }
  }
}

}  // namespace

void LowerCase(std::string_view text, char* to) { MapLetters(text, to, 'A', Lower); }
void UpperCase(std::string_view text, char* to) { MapLetters(text, to, 'a', Upper); }

}  // namespace skewless
