#include "online/redis/hash_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace skewless::redis {
namespace {

using Part = StateNumber::Part;
constexpr std::string_view kPartLetters = "nslg";  // in the order of Part
constexpr size_t kChecksumAt = 16;
constexpr size_t kCheckedAt = 24;
constexpr size_t kTailBytes = 32;
constexpr size_t kNumberBytes = 32;

// One form of bytes for the same numbers, whatever order fields come in.
void PutNumbers(std::span<const StateNumber> numbers, Bytes* out) {
  out->reserve(out->size() + numbers.size() * kNumberBytes);
  for (const StateNumber& number : numbers) {
    PutLe(*out, number.accumulator);
    PutLe(*out, static_cast<uint32_t>(number.part));
    PutLe(*out, number.tile);
    PutLe(*out, number.value);
  }
}

// Of the head's bytes from kCheckedAt on and the numbers. `scratch` is written over.
uint64_t Checksum(ByteView checked, std::span<const StateNumber> numbers, Bytes* scratch) {
  scratch->assign(checked.begin(), checked.end());
  PutNumbers(numbers, scratch);
  return Hash64(*scratch);
}

template <typename T>
bool ParseInteger(std::string_view text, T* value) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stop == end;
}

// Digits without a zero in front, "0" itself aside.
bool IsPlain(std::string_view digits) {
  return !digits.empty() && digits[0] >= '0' && digits[0] <= '9' &&
         (digits[0] != '0' || digits.size() == 1);
}

Status DecodeHead(ByteView bytes, HashRow* row, ByteView* checked) {
  SKEWLESS_ASSIGN_OR_RETURN(const RowHead head, DecodeRowHead(bytes, kHashRowMagic));
  const size_t stamps = head.unlogged_count * kUnloggedBytes;
  if (bytes.size() != kRowHeadBytes + stamps + kTailBytes)
    return DamagedRow("its head has another length than it says");
  row->stamp = head.stamp;
  row->writer = head.writer;
  const uint8_t* const tail = bytes.data() + kRowHeadBytes + stamps;
  row->header = {.magic = kStateMagic,
                 .size = 0,
                 .fingerprint = LoadLe<uint64_t>(tail),
                 .sequence = head.stamp.sequence,
                 .available_us = LoadLe<int64_t>(tail + 8),
                 .newest_event_us = LoadLe<int64_t>(tail + 16),
                 .records = LoadLe<int64_t>(tail + 24)};
  *checked = bytes.subspan(kCheckedAt);
  return {};
}

}  // namespace

void EncodeHashHead(const RowWrite& row, std::span<const StateNumber> numbers, Bytes* out) {
  const size_t begin = out->size();
  EncodeRowHead(row, out);
  const StateHeader header = LoadStateHeader(row.state.data());
  PutLe<uint64_t>(*out, header.fingerprint);
  PutLe<int64_t>(*out, header.available_us);
  PutLe<int64_t>(*out, header.newest_event_us);
  PutLe<int64_t>(*out, header.records);
  SealHashHead(numbers, std::span(*out).subspan(begin));
}

void SealHashHead(std::span<const StateNumber> numbers, std::span<uint8_t> head) {
  Bytes scratch;
  StoreLe(head.data() + kChecksumAt, Checksum(head.subspan(kCheckedAt), numbers, &scratch));
}

void FormatField(const StateNumber& number, std::string* text) {
  text->clear();
  fmt::format_to(std::back_inserter(*text), "{}{}", number.accumulator,
                 kPartLetters[static_cast<size_t>(number.part)]);
  if (number.tile != 0) fmt::format_to(std::back_inserter(*text), ":{}", number.tile);
}

void FormatNumber(Int128 number, std::string* text) {
  text->clear();
  fmt::format_to(std::back_inserter(*text), "{}", number);
}

bool ParseField(std::string_view text, StateNumber* number) {
  const size_t letter = text.find_first_not_of("0123456789");
  if (letter == std::string_view::npos) return false;
  const size_t part = kPartLetters.find(text[letter]);
  if (part == std::string_view::npos || !IsPlain(text.substr(0, letter)) ||
      !ParseInteger(text.substr(0, letter), &number->accumulator))
    return false;
  number->part = static_cast<Part>(part);
  number->tile = 0;
  const std::string_view rest = text.substr(letter + 1);
  if (rest.empty()) return true;
  if (rest[0] != ':') return false;
  const std::string_view tile = rest.substr(1);
  const bool is_negative = tile.starts_with('-');
  return IsPlain(tile.substr(is_negative ? 1 : 0)) && ParseInteger(tile, &number->tile) &&
         number->tile != 0;
}

bool ParseNumber(std::string_view text, Int128* number) {
  constexpr size_t kMostDigits = 39;
  const bool is_negative = text.starts_with('-');
  const std::string_view digits = text.substr(is_negative ? 1 : 0);
  if (!IsPlain(digits) || digits.size() > kMostDigits || text == "-0") return false;
  constexpr UInt128 kMost = ~UInt128{0} >> 1;  // the greatest Int128
  UInt128 value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    const auto digit = static_cast<unsigned>(c - '0');
    if (value > (~UInt128{0} - digit) / 10) return false;
    value = value * 10 + digit;
  }
  if (value > kMost + (is_negative ? 1 : 0)) return false;
  *number = static_cast<Int128>(is_negative ? UInt128{0} - value : value);
  return true;
}

Status DecodeHashRow(std::span<const std::string_view> fields_and_values, HashRow* row) {
  row->numbers.clear();
  std::string_view head;
  for (size_t i = 0; i + 1 < fields_and_values.size(); i += 2) {
    if (fields_and_values[i] == kRowField) {
      head = fields_and_values[i + 1];
      continue;
    }
    StateNumber& number = row->numbers.emplace_back();
    if (!ParseField(fields_and_values[i], &number) ||
        !ParseNumber(fields_and_values[i + 1], &number.value))
      return DamagedRow("a field of its hash is none of a row's");
  }
  std::sort(row->numbers.begin(), row->numbers.end(),
            [](const StateNumber& a, const StateNumber& b) { return a.place() < b.place(); });
  ByteView checked;
  SKEWLESS_RETURN_IF_ERROR(DecodeHead(AsBytes(head), row, &checked));
  if (LoadLe<uint64_t>(AsBytes(head).data() + kChecksumAt) !=
      Checksum(checked, row->numbers, &row->scratch))
    return DamagedRow("its checksum fails");
  return {};
}

}  // namespace skewless::redis
