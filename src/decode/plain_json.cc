#include "decode/plain_json.h"

#include <simdjson.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "decode/json_nesting.h"
#include "decode/scalar_text.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

#define SKEWLESS_INLINE inline __attribute__((always_inline))

constexpr size_t kMaxFields = 1024;
constexpr size_t kMaxKeyBytes = TextInput::kPadding - 2;
constexpr int kMaxPassedOver = 63;

constexpr auto kTens = [] {
  std::array<uint64_t, 20> tens{1};
  for (size_t i = 1; i < tens.size(); ++i) tens[i] = tens[i - 1] * 10;
  return tens;
}();

// The bytes of eight digits, less '0' and the first one lowest, as a number.
uint64_t EightDigits(uint64_t digits) {
  constexpr uint64_t kEven = 0x000000FF000000FF;
  digits = digits * 10 + (digits >> 8);  // every other byte holds a number of two digits
  return ((digits & kEven) * (100 + (uint64_t{1'000'000} << 32)) +
          ((digits >> 16) & kEven) * (1 + (uint64_t{10'000} << 32))) >>
         32;
}

struct Digits {
  static constexpr int kMost = 19;  // that fit a uint64_t, whichever they are
  uint64_t value = 0;               // right where they are no more than that
  int count = 0;
};

// All digits at `at`, or the first 20 and more.
SKEWLESS_INLINE Digits ReadDigits(const char* at) {
  constexpr uint64_t kEach = 0x0101010101010101;
  Digits read;
  while (read.count <= Digits::kMost) {
    uint64_t word = 0;
    std::memcpy(&word, at + read.count, sizeof word);
    word ^= kEach * '0';
    const uint64_t others = (((word & kEach * 0x7F) + kEach * (0x80 - 10)) | word) & kEach * 0x80;
    const int more = others == 0 ? 8 : std::countr_zero(others) / 8;
    if (more == 0) break;
    read.value =
        read.value * kTens[static_cast<size_t>(more)] + EightDigits(word << (64 - 8 * more));
    read.count += more;
    if (more < 8) break;
  }
  return read;
}

// Whether JSON allows them as a whole number or as what is in front of its point.
bool AreWhole(const char* at, const Digits& digits) {
  return digits.count > 0 && digits.count <= Digits::kMost && (*at != '0' || digits.count == 1);
}

SKEWLESS_INLINE const char* ReadInt(const char* at, int64_t* value) {
  const bool negative = *at == '-';
  if (negative) ++at;
  const Digits digits = ReadDigits(at);
  if (!AreWhole(at, digits) || digits.value > INT64_MAX) return nullptr;
  const auto positive = static_cast<int64_t>(digits.value);
  *value = negative ? -positive : positive;
  return at + digits.count;
}

// Only what one division of two doubles without error gives: it rounds as it should.
SKEWLESS_INLINE const char* ReadDouble(const char* at, double* value) {
  constexpr uint64_t kMostExact = uint64_t{1} << 53;
  const bool negative = *at == '-';
  if (negative) ++at;
  Digits digits = ReadDigits(at);
  if (!AreWhole(at, digits)) return nullptr;
  at += digits.count;
  int places = 0;
  if (*at == '.') {
    const Digits fraction = ReadDigits(++at);
    places = fraction.count;
    if (places == 0 || digits.count + places > Digits::kMost) return nullptr;
    digits.value = digits.value * kTens[static_cast<size_t>(places)] + fraction.value;
    at += places;
  }
  if (digits.value > kMostExact) return nullptr;
  const double positive =
      static_cast<double>(digits.value) / static_cast<double>(kTens[static_cast<size_t>(places)]);
  *value = negative ? -positive : positive;
  return at;
}

// The first byte from `at` on that a string can't have as it is: a quote, a backslash, a control
// character. `is_ascii` stays true where all in front of it is.
SKEWLESS_INLINE const char* FindStop(const char* at, bool* is_ascii) {
#if defined(__SSE2__)
  const __m128i quotes = _mm_set1_epi8('"');
  const __m128i backslashes = _mm_set1_epi8('\\');
  const __m128i controls = _mm_set1_epi8(0x1F);
  unsigned stops = 0;
  for (;; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i special =
        _mm_or_si128(_mm_cmpeq_epi8(block, quotes), _mm_cmpeq_epi8(block, backslashes));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, controls), block);
    stops = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(special, control)));
    const auto above_ascii = static_cast<unsigned>(_mm_movemask_epi8(block));
    // Those in front of the first stop, or all.
    *is_ascii = *is_ascii && (above_ascii & (stops - 1) & ~stops) == 0;
    if (stops != 0) break;
  }
  return at + std::countr_zero(stops);
#else
  for (; *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) > 0x1F; ++at) {
    *is_ascii = *is_ascii && static_cast<unsigned char>(*at) < 0x80;
  }
  return at;
#endif
}

// The quote that ends the string whose first byte is `begin`, which was looked through up to `at`.
// Null where `at` is no quote, or the string no UTF-8.
const char* Checked(const char* begin, const char* at, bool is_ascii) {
  if (*at != '"') return nullptr;
  if (!is_ascii && !simdjson::validate_utf8(begin, static_cast<size_t>(at - begin))) return nullptr;
  return at;
}

// Null where the string has escapes or what may not stand in one.
const char* EndOfString(const char* begin) {
  bool is_ascii = true;
  const char* const at = FindStop(begin, &is_ascii);
  return Checked(begin, at, is_ascii);
}

// Of a string that no column wants: nobody checks its escapes.
const char* EndOfUnwantedString(const char* begin) {
  bool is_ascii = true;
  const char* at = FindStop(begin, &is_ascii);
  while (*at == '\\') {
    ++at;
    if (*at == '"' || *at == '\\') ++at;
    at = FindStop(at, &is_ascii);
  }
  return Checked(begin, at, is_ascii);
}

// The end of a value that no column wants. Nobody checks those, as long as they end where they
// seem to.
const char* PassOver(const char* at) {
  if (*at == '"') {
    const char* const quote = EndOfUnwantedString(at + 1);
    return quote == nullptr ? nullptr : quote + 1;
  }
  if (*at == '{' || *at == '[') return EndOfNested(at);
  const char* const begin = at;
  const auto is_scalar = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '+' || c == '.';
  };
  while (is_scalar(*at)) ++at;
  return at == begin ? nullptr : at;
}

}  // namespace

KnownField::KnownField(std::string_view key, FieldTree::Target target)
    : key_(key), target_(target) {
  const size_t front = std::min(key.size(), sizeof words_);
  std::memcpy(words_, key.data(), front);
  if (key.size() >= sizeof words_) return;
  std::memset(reinterpret_cast<char*>(words_) + front, '"', 1);
  std::memset(masks_, 0, sizeof masks_);
  std::memset(masks_, 0xFF, front + 1);
}

bool KnownField::IsAt(const char* raw) const {
  uint64_t here[2];
  std::memcpy(here, raw, sizeof here);
  if ((((here[0] ^ words_[0]) & masks_[0]) | ((here[1] ^ words_[1]) & masks_[1])) != 0)
    return false;
  if (key_.size() < sizeof here) [[likely]]
    return true;
  return raw[key_.size()] == '"' && std::string_view(raw, key_.size()) == key_;
}

PlainJsonReader::PlainJsonReader(const Schema& schema, const FieldTree& tree)
    : schema_(schema), tree_(tree), fields_(tree.records()) {
  for (const ColumnSpec& column : schema.columns) kinds_.push_back(FieldKindOf(column));
}

void PlainJsonReader::Learn(int record, size_t index, std::string_view key,
                            FieldTree::Target target) {
  if (index >= kMaxFields || key.size() > kMaxKeyBytes) return;
  std::vector<KnownField>& fields = fields_[static_cast<size_t>(record)];
  if (index >= fields.size()) fields.resize(index + 1);
  fields[index] = KnownField(key, target);
}

const char* PlainJsonReader::Read(const char* object, RowBuilder& rows) {
  if (passed_over_ > 0) {
    --passed_over_;
    return nullptr;
  }
  const char* const end = *object == '{' ? ReadFields(object + 1, 0, rows) : nullptr;
  if (end != nullptr) [[likely]] {
    refused_ = 0;
  } else {
    passed_over_ = refused_;
    refused_ = std::min(2 * refused_ + 1, kMaxPassedOver);
  }
  return end;
}

// Of the outermost record, or of one within it: then objects within each other are as deep as the
// tree, at most.
const char* PlainJsonReader::ReadFields(const char* at, int record, RowBuilder& rows) const {
  for (const KnownField& field : fields_[static_cast<size_t>(record)]) {
    if (*at != '"' || !field.IsAt(at + 1)) return nullptr;
    at += field.key().size() + 2;
    if (*at != ':') return nullptr;
    ++at;
    if (*at == ' ') [[unlikely]]
      ++at;
    const auto [column, within] = field.target();
    at = column >= 0   ? ReadValue(at, column, rows)
         : within >= 0 ? ReadWithin(at, within, rows)
                       : PassOver(at);
    if (at == nullptr) return nullptr;
    if (*at == '}') return at + 1;
    if (*at != ',') return nullptr;
    ++at;
    if (*at == ' ') [[unlikely]]
      ++at;
  }
  return nullptr;
}

// An object that holds columns. Where it comes again, what it holds then is all that counts.
const char* PlainJsonReader::ReadWithin(const char* at, int record, RowBuilder& rows) const {
  for (const size_t column : tree_.columns(record)) rows.SetNull(column);
  if (*at == '{') return ReadFields(at + 1, record, rows);
  return std::memcmp(at, "null", 4) == 0 ? at + 4 : nullptr;
}

const char* PlainJsonReader::ReadValue(const char* at, int column, RowBuilder& rows) const {
  const auto number = static_cast<size_t>(column);
  if (*at == '"') return ReadText(at + 1, number, rows);
  if (*at == '-' || (*at >= '0' && *at <= '9')) return ReadNumber(at, number, rows);
  if (std::memcmp(at, "null", 4) == 0) {
    rows.SetNull(number);
    return at + 4;
  }
  if (kinds_[number] != FieldKind::kBool) return nullptr;
  const bool is_true = std::memcmp(at, "true", 4) == 0;
  if (!is_true && std::memcmp(at, "false", 5) != 0) return nullptr;
  rows.SetInt(number, is_true ? 1 : 0);
  return at + (is_true ? 4 : 5);
}

const char* PlainJsonReader::ReadNumber(const char* at, size_t column, RowBuilder& rows) const {
  const FieldKind kind = kinds_[column];
  if (kind == FieldKind::kFloat64 || kind == FieldKind::kFloat32) {
    double value = 0;
    at = ReadDouble(at, &value);
    if (at == nullptr) return nullptr;
    if (kind == FieldKind::kFloat32 && RoundToFloat(&value) != Parsed::kOk) return nullptr;
    rows.SetDouble(column, value);
    return at;
  }
  int64_t value = 0;
  at = ReadInt(at, &value);
  if (at == nullptr) return nullptr;
  Parsed parsed = Parsed::kMalformed;
  if (kind == FieldKind::kInt64) parsed = Parsed::kOk;
  if (kind == FieldKind::kInt32) parsed = CheckInt32(value);
  if (kind == FieldKind::kTimestampNumber) {
    parsed = ScaleTimestamp(value, schema_.columns[column].unit, &value);
  }
  if (parsed != Parsed::kOk) return nullptr;
  rows.SetInt(column, value);
  return at;
}

const char* PlainJsonReader::ReadText(const char* at, size_t column, RowBuilder& rows) const {
  const FieldKind kind = kinds_[column];
  const char* const quote = EndOfString(at);
  if (quote == nullptr) return nullptr;
  const std::string_view text(at, static_cast<size_t>(quote - at));
  if (kind == FieldKind::kString || kind == FieldKind::kBytes) {
    rows.SetString(column, rows.strings().Add(text));
    return quote + 1;
  }
  int64_t value = 0;
  if (kind != FieldKind::kTimestampText || DecodeTimestampText(text, &value) != Parsed::kOk) {
    return nullptr;
  }
  rows.SetInt(column, value);
  return quote + 1;
}

}  // namespace skewless
