#include "decode/json_nesting.h"

#include <simdjson.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>

namespace skewless {
namespace {

// Which of 64 bytes are what, the first one lowest.
struct Block {
  uint64_t quotes = 0, backslashes = 0, controls = 0, opens = 0, closes = 0, above_ascii = 0;
};

Block Classify(const char* at) {
  Block block;
#if defined(__SSE2__)
  for (int i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * i));
    const auto where = [&](__m128i found) {
      return static_cast<uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found))) << (16 * i);
    };
    const auto equal = [](__m128i a, char b) { return _mm_cmpeq_epi8(a, _mm_set1_epi8(b)); };
    const __m128i braces = _mm_or_si128(bytes, _mm_set1_epi8(0x20));  // '[' becomes '{'
    block.quotes |= where(equal(bytes, '"'));
    block.backslashes |= where(equal(bytes, '\\'));
    block.controls |= where(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes));
    block.opens |= where(equal(braces, '{'));
    block.closes |= where(equal(braces, '}'));
    block.above_ascii |= where(bytes);
  }
#else
  for (int i = 0; i < 64; ++i) {
    const auto byte = static_cast<unsigned char>(at[i]);
    const uint64_t here = uint64_t{1} << i;
    if (byte == '"') block.quotes |= here;
    if (byte == '\\') block.backslashes |= here;
    if (byte <= 0x1F) block.controls |= here;
    if ((byte | 0x20) == '{') block.opens |= here;
    if ((byte | 0x20) == '}') block.closes |= here;
    if (byte >= 0x80) block.above_ascii |= here;
  }
#endif
  return block;
}

// The bytes that a backslash in front of them escapes. `is_first`: whether that is so of the
// block's first one; then, of the next block's.
uint64_t Escaped(uint64_t backslashes, bool* is_first) {
  uint64_t escaped = *is_first ? 1 : 0;
  *is_first = false;
  for (uint64_t left = backslashes & ~escaped; left != 0;) {
    const int at = std::countr_zero(left);
    *is_first = at == 63;
    const uint64_t next = uint64_t{2} << at;  // none behind the last
    escaped |= next;
    left &= left - 1;
    left &= ~next;
  }
  return escaped;
}

// From each quote on to the next one, that one left out. `within`: all ones where the block begins
// in a string; then, where it ends in one.
uint64_t WithinStrings(uint64_t quotes, uint64_t* within) {
  uint64_t bits = quotes;
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  bits ^= *within;
  *within = uint64_t{0} - (bits >> 63);
  return bits;
}

// Where the last of `depth` levels closes, or -1 where that is behind the block: then `depth` has
// become that of its end.
int FindLastClose(uint64_t opens, uint64_t closes, int* depth) {
  const int closed = std::popcount(closes);
  if (closed >= *depth) {
    int left = *depth;
    for (uint64_t rest = closes; rest != 0; rest &= rest - 1) {
      const int at = std::countr_zero(rest);
      const uint64_t in_front = (uint64_t{1} << at) - 1;
      if (--left + std::popcount(opens & in_front) == 0) return at;
    }
  }
  *depth += std::popcount(opens) - closed;
  return -1;
}

}  // namespace

const char* EndOfNested(const char* at) {
  const char* const begin = at;
  bool is_ascii = true, is_escaped = false;
  uint64_t within = 0;
  for (int depth = 0;; at += 64) {
    const Block block = Classify(at);
    const uint64_t quotes = block.quotes & ~Escaped(block.backslashes, &is_escaped);
    const uint64_t outside = ~WithinStrings(quotes, &within);
    const int last = FindLastClose(block.opens & outside, block.closes & outside, &depth);
    const uint64_t seen = last < 0 ? ~uint64_t{0} : (uint64_t{1} << last) - 1;
    if (((block.controls | (block.backslashes & outside)) & seen) != 0) return nullptr;
    is_ascii = is_ascii && (block.above_ascii & seen) == 0;
    if (last < 0) continue;
    const char* const end = at + last + 1;
    const bool is_text =
        is_ascii || simdjson::validate_utf8(begin, static_cast<size_t>(end - begin));
    return is_text ? end : nullptr;
  }
}

}  // namespace skewless
