// A row of a view that is written by increments, as Redis holds it: a hash with a field for each
// number of the entity's state (kernel/state_numbers.h) and one for the row as a whole.
// docs/formats/redis-increments.md is the specification.
//
//   field "row":  40 bytes as a row's head has them (redis_row.h), magic "SKI1"; the unlogged
//                 stamps; then u64 fingerprint, i64 available, i64 newest event, i64 records
//   field "3s:9": of accumulator 3 the sum in tile 9, in decimal; "3s" of tile 0 and of all time
//
// The checksum covers the head behind it and all numbers, as they are together: a field that was
// lost, or added to twice, is seen.
#pragma once

#include "kernel/state_numbers.h"
#include "online/redis/redis_row.h"

namespace skewless::redis {

inline constexpr uint32_t kHashRowMagic = 0x31494B53;  // "SKI1": the last byte is the version
inline constexpr std::string_view kRowField = "row";

// The field "row" as the writer sends it, without a stamp, appended. `numbers` are all of the
// state's.
void EncodeHashHead(const RowWrite& row, std::span<const StateNumber> numbers, Bytes* out);
// Puts the checksum of `head`, at least kRowHeadBytes, right.
void SealHashHead(std::span<const StateNumber> numbers, std::span<uint8_t> head);

// In place of what `text` held.
void FormatField(const StateNumber& number, std::string* text);
void FormatNumber(Int128 number, std::string* text);
// Only what those two write; false else.
bool ParseField(std::string_view text, StateNumber* number);
bool ParseNumber(std::string_view text, Int128* number);

struct HashRow {
  Stamp stamp;
  uint32_t writer = 0;
  StateHeader header = {};           // its size is 0
  std::vector<StateNumber> numbers;  // ascending by place
  Bytes scratch;
};
// From fields and values by turns, as HGETALL answers them. Verifies all but that the numbers are
// some of the view's.
Status DecodeHashRow(std::span<const std::string_view> fields_and_values, HashRow* row);

}  // namespace skewless::redis
