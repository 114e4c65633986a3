// Texts. What only cuts a text points into it; what makes one writes it into the frame's arena.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "base/bytes.h"
#include "expression/characters.h"
#include "expression/operations.h"
#include "expression/rows.h"

namespace skewless::operations {
namespace {

using std::string_view;

// A text that a function makes longer than this is out of its domain: a mistake in a definition
// must not eat the machine's memory.
constexpr size_t kMaxTextBytes = size_t{1} << 20;

template <typename Map>
void MapText(const Frame& frame, const Instruction& instruction, Map map) {
  ForRows<string_view, string_view>(frame, instruction, [&](string_view text, string_view* out) {
    char* to = frame.strings->Allocate(text.size());
    map(text, to);
    *out = {to, text.size()};
    return Outcome::kValue;
  });
}

string_view WithoutLeadingSpaces(string_view text) {
  const size_t first = text.find_first_not_of(' ');
  return first == string_view::npos ? string_view() : text.substr(first);
}
string_view WithoutTrailingSpaces(string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

// `count` characters from the 1-based `start`, as far as the text has them.
string_view Cut(string_view text, int64_t start, int64_t count) {
  if (start < 1) {  // places before the text use up the count
    const int64_t behind_last = start + count;
    count = behind_last < 1 ? 0 : behind_last - 1;
    start = 1;
  }
  text.remove_prefix(SkipCharacters(text, start - 1));
  return text.substr(0, SkipCharacters(text, count));
}

// How many characters `left` and `right` keep: a negative number leaves out that many.
int64_t Kept(string_view text, int64_t count) {
  if (count >= 0) return count;
  return CountCharacters(text) + count;
}

// `width` characters: cut, or filled up with `fill` over and over.
Outcome Pad(const Frame& frame, string_view text, int64_t width, string_view fill, bool left,
            string_view* out) {
  const int64_t characters = CountCharacters(text);
  if (width <= characters || fill.empty()) {
    *out = text.substr(0, SkipCharacters(text, width));
    return Outcome::kValue;
  }
  int64_t missing = width - characters;
  const int64_t fill_characters = CountCharacters(fill);
  const int64_t whole = missing / fill_characters;
  const size_t rest = SkipCharacters(fill, missing % fill_characters);
  if (whole > static_cast<int64_t>(kMaxTextBytes)) return Outcome::kDomain;
  const size_t padding = static_cast<size_t>(whole) * fill.size() + rest;
  if (padding + text.size() > kMaxTextBytes) return Outcome::kDomain;
  char* to = frame.strings->Allocate(padding + text.size());
  *out = {to, padding + text.size()};
  if (!left) to = std::copy(text.begin(), text.end(), to);
  for (int64_t i = 0; i < whole; ++i) to = std::copy(fill.begin(), fill.end(), to);
  to = std::copy(fill.begin(), fill.begin() + static_cast<ptrdiff_t>(rest), to);
  if (left) std::copy(text.begin(), text.end(), to);
  return Outcome::kValue;
}

size_t CountOccurrences(string_view text, string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

Outcome ReplaceAll(const Frame& frame, string_view text, string_view from, string_view to,
                   string_view* out) {
  *out = text;
  const size_t count = from.empty() ? 0 : CountOccurrences(text, from);
  if (count == 0) return Outcome::kValue;
  // Both sizes are far from 2^32, so nothing overflows.
  const size_t size = text.size() - count * from.size() + count * to.size();
  if (size > kMaxTextBytes && size > text.size()) return Outcome::kDomain;
  char* write = frame.strings->Allocate(size);
  *out = {write, size};
  size_t at = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t next = text.find(from, at);
    write = std::copy(text.begin() + static_cast<ptrdiff_t>(at),
                      text.begin() + static_cast<ptrdiff_t>(next), write);
    write = std::copy(to.begin(), to.end(), write);
    at = next + from.size();
  }
  std::copy(text.begin() + static_cast<ptrdiff_t>(at), text.end(), write);
  return Outcome::kValue;
}

// The number-th part between delimiters, from the end where negative; empty where there is none.
Outcome Part(string_view text, string_view delimiter, int64_t number, string_view* out) {
  if (number == 0) return Outcome::kDomain;
  *out = {};
  if (delimiter.empty()) {
    if (number == 1 || number == -1) *out = text;
    return Outcome::kValue;
  }
  if (number < 0) {
    const auto parts = static_cast<int64_t>(CountOccurrences(text, delimiter)) + 1;
    if (number < -parts) return Outcome::kValue;
    number += parts + 1;
  }
  for (;; --number) {
    const size_t end = text.find(delimiter);
    if (number == 1) {
      *out = text.substr(0, end);
      return Outcome::kValue;
    }
    if (end == string_view::npos) return Outcome::kValue;
    text.remove_prefix(end + delimiter.size());
  }
}

template <typename Test>
void TestPair(const Frame& frame, const Instruction& instruction, Test test) {
  ForRows<int64_t, string_view, string_view>(
      frame, instruction, [test](string_view text, string_view part, int64_t* out) {
        *out = test(text, part) ? 1 : 0;
        return Outcome::kValue;
      });
}

int64_t HashOf(int64_t bits) {
  uint8_t encoded[sizeof bits];
  StoreLe(encoded, bits);
  return static_cast<int64_t>(Hash64(ByteView(encoded, sizeof encoded)));
}

}  // namespace

void LengthCharacters(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, string_view>(frame, instruction, [](string_view text, int64_t* out) {
    *out = CountCharacters(text);
    return Outcome::kValue;
  });
}

void LengthBytes(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, string_view>(frame, instruction, [](string_view text, int64_t* out) {
    *out = static_cast<int64_t>(text.size());
    return Outcome::kValue;
  });
}

void Lower(const Frame& frame, const Instruction& instruction) {
  MapText(frame, instruction, LowerCase);
}
void Upper(const Frame& frame, const Instruction& instruction) {
  MapText(frame, instruction, UpperCase);
}

void Trim(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view>(frame, instruction, [](string_view text, string_view* out) {
    *out = WithoutTrailingSpaces(WithoutLeadingSpaces(text));
    return Outcome::kValue;
  });
}
void TrimLeft(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view>(frame, instruction, [](string_view text, string_view* out) {
    *out = WithoutLeadingSpaces(text);
    return Outcome::kValue;
  });
}
void TrimRight(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view>(frame, instruction, [](string_view text, string_view* out) {
    *out = WithoutTrailingSpaces(text);
    return Outcome::kValue;
  });
}

void SubstringFrom(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view, int64_t>(
      frame, instruction, [](string_view text, int64_t start, string_view* out) {
        *out = start < 1 ? text : Cut(text, start, std::numeric_limits<int64_t>::max());
        return Outcome::kValue;
      });
}

void Substring(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view, int64_t, int64_t>(
      frame, instruction, [](string_view text, int64_t start, int64_t count, string_view* out) {
        if (count < 0) return Outcome::kDomain;
        *out = Cut(text, start, count);
        return Outcome::kValue;
      });
}

void JoinTwo(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view, string_view>(
      frame, instruction, [&](string_view a, string_view b, string_view* out) {
        const size_t size = a.size() + b.size();
        if (size > kMaxTextBytes) return Outcome::kDomain;
        char* to = frame.strings->Allocate(size);
        *out = {to, size};
        std::copy(b.begin(), b.end(), std::copy(a.begin(), a.end(), to));
        return Outcome::kValue;
      });
}

void Concat(const Frame& frame, const Instruction& instruction) {
  auto* out = ResultValues<string_view>(frame, instruction);
  uint8_t* valid = ResultValid(frame, instruction);
  const auto part = [&](size_t argument, size_t row) {
    const bool is_null = ArgumentValid(frame, instruction, argument)[row] == 0;
    return is_null ? string_view() : ArgumentValues<string_view>(frame, instruction, argument)[row];
  };
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) {
    size_t size = 0;
    for (size_t k = 0; k < instruction.argument_count; ++k) size += part(k, i).size();
    valid[i] = size <= kMaxTextBytes ? 1 : 0;
    if (valid[i] == 0) {
      CountFailure(frame, instruction, i, Outcome::kDomain);
      continue;
    }
    char* to = frame.strings->Allocate(size);
    out[i] = {to, size};
    for (size_t k = 0; k < instruction.argument_count; ++k) {
      const string_view text = part(k, i);
      to = std::copy(text.begin(), text.end(), to);
    }
  }
}

void Replace(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view, string_view, string_view>(
      frame, instruction,
      [&](string_view text, string_view from, string_view to, string_view* out) {
        return ReplaceAll(frame, text, from, to, out);
      });
}

void StartsWith(const Frame& frame, const Instruction& instruction) {
  TestPair(frame, instruction, [](string_view a, string_view b) { return a.starts_with(b); });
}
void EndsWith(const Frame& frame, const Instruction& instruction) {
  TestPair(frame, instruction, [](string_view a, string_view b) { return a.ends_with(b); });
}
void Contains(const Frame& frame, const Instruction& instruction) {
  TestPair(frame, instruction,
           [](string_view a, string_view b) { return a.find(b) != string_view::npos; });
}

// The 1-based character in which the part starts, or 0.
void Position(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, string_view, string_view>(
      frame, instruction, [](string_view text, string_view part, int64_t* out) {
        const size_t at = text.find(part);
        if (at == string_view::npos) {
          *out = 0;
        } else {
          *out = part.empty() ? 1 : CountCharacters(text.substr(0, at + 1));
        }
        return Outcome::kValue;
      });
}

void Left(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view, int64_t>(
      frame, instruction, [](string_view text, int64_t count, string_view* out) {
        *out = text.substr(0, SkipCharacters(text, Kept(text, count)));
        return Outcome::kValue;
      });
}

void Right(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view, int64_t>(
      frame, instruction, [](string_view text, int64_t count, string_view* out) {
        const int64_t kept = Kept(text, count);
        const int64_t characters = CountCharacters(text);
        *out = kept <= 0 ? string_view() : text.substr(SkipCharacters(text, characters - kept));
        return Outcome::kValue;
      });
}

void Reverse(const Frame& frame, const Instruction& instruction) {
  MapText(frame, instruction, [](string_view text, char* to) {
    size_t end = text.size();
    for (size_t at = 0; at < text.size();) {
      const size_t next = NextCharacter(text, at);
      end -= next - at;
      std::memcpy(to + end, text.data() + at, next - at);
      at = next;
    }
  });
}

void PadLeft(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view, int64_t, string_view>(
      frame, instruction, [&](string_view text, int64_t width, string_view fill, string_view* out) {
        return Pad(frame, text, width, fill, true, out);
      });
}
void PadRight(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view, int64_t, string_view>(
      frame, instruction, [&](string_view text, int64_t width, string_view fill, string_view* out) {
        return Pad(frame, text, width, fill, false, out);
      });
}
void PadLeftSpaces(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view, int64_t>(
      frame, instruction, [&](string_view text, int64_t width, string_view* out) {
        return Pad(frame, text, width, " ", true, out);
      });
}
void PadRightSpaces(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view, int64_t>(
      frame, instruction, [&](string_view text, int64_t width, string_view* out) {
        return Pad(frame, text, width, " ", false, out);
      });
}

void SplitPart(const Frame& frame, const Instruction& instruction) {
  ForRows<string_view, string_view, string_view, int64_t>(
      frame, instruction,
      [](string_view text, string_view delimiter, int64_t number, string_view* out) {
        return Part(text, delimiter, number, out);
      });
}

void HashBytes(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, string_view>(frame, instruction, [](string_view text, int64_t* out) {
    *out = static_cast<int64_t>(Hash64(AsBytes(text)));
    return Outcome::kValue;
  });
}

void HashInt(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, int64_t>(frame, instruction, [](int64_t value, int64_t* out) {
    *out = HashOf(value);
    return Outcome::kValue;
  });
}

// Equal floats have equal hashes: one zero, one NaN.
void HashDouble(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, double>(frame, instruction, [](double value, int64_t* out) {
    if (value == 0) value = 0;
    if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
    *out = HashOf(std::bit_cast<int64_t>(value));
    return Outcome::kValue;
  });
}

}  // namespace skewless::operations
