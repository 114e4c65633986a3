#include "model/key.h"

#include <algorithm>

#include "base/check.h"
#include "base/random_bits.h"

namespace skewless {
namespace {

uint64_t HashSeed() {
  static const uint64_t seed = RandomBits();
  return seed;
}

bool IsIntKey(Type type) { return PhysicalOf(type) == Physical::kInt; }

uint8_t* WriteVarint(uint8_t* to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<uint8_t>(value);
  return to;
}

uint8_t* WriteBytes(uint8_t* to, std::string_view text) {
  to = WriteVarint(to, text.size());
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// One integer column: the bytes of the keys are the column's own.
void EncodeIntKeys(const Column& column, size_t rows, KeyColumn* out) {
  std::copy_n(column.valid.begin(), rows, out->valid.begin());
  Hash64OfEach({column.ints.data(), rows}, HashSeed(), out->hash.data());
  out->bytes.resize(rows * sizeof(int64_t));
  const bool no_nulls = std::find(out->valid.begin(), out->valid.end(), 0) == out->valid.end();
  if (no_nulls) {
    if (rows > 0) std::memcpy(out->bytes.data(), column.ints.data(), rows * sizeof(int64_t));
    for (size_t i = 0; i <= rows; ++i) out->offsets[i] = i * sizeof(int64_t);
    return;
  }
  uint64_t at = 0;
  for (size_t i = 0; i < rows; ++i) {
    out->offsets[i] = at;
    if (out->valid[i] == 0) {
      out->hash[i] = 0;
      continue;
    }
    StoreLe<int64_t>(out->bytes.data() + at, column.ints[i]);
    at += sizeof(int64_t);
  }
  out->offsets[rows] = at;
  out->bytes.resize(at);
}

// A length's longest varint.
constexpr size_t kMostLengthBytes = 10;

// The most that the keys of all rows can take; one that is null takes nothing.
size_t LargestSize(std::span<const Column* const> columns, std::span<const uint8_t> valid) {
  size_t size = 0;
  for (const Column* column : columns) {
    if (IsIntKey(column->type)) {
      size += valid.size() * sizeof(int64_t);
    } else {
      for (size_t i = 0; i < valid.size(); ++i)
        size += valid[i] != 0 ? column->strings[i].size() + kMostLengthBytes : 0;
    }
  }
  return size;
}

void EncodeCompositeKeys(std::span<const Column* const> columns, size_t rows, KeyColumn* out) {
  std::fill(out->valid.begin(), out->valid.end(), uint8_t{1});
  for (const Column* column : columns) {
    for (size_t i = 0; i < rows; ++i) out->valid[i] &= column->valid[i];
  }
  out->bytes.resize(LargestSize(columns, out->valid));
  uint8_t* const begin = out->bytes.data();
  const uint64_t seed = HashSeed();
  uint8_t* to = begin;
  for (size_t i = 0; i < rows; ++i) {
    uint8_t* const key = to;
    out->offsets[i] = static_cast<uint64_t>(key - begin);
    if (out->valid[i] == 0) {
      out->hash[i] = 0;
      continue;
    }
    for (const Column* column : columns) {
      if (IsIntKey(column->type)) {
        StoreLe<int64_t>(to, column->ints[i]);
        to += sizeof(int64_t);
      } else {
        to = WriteBytes(to, column->strings[i]);
      }
    }
    out->hash[i] = Hash64({key, to}, seed);
  }
  out->offsets[rows] = static_cast<uint64_t>(to - begin);
  out->bytes.resize(static_cast<size_t>(to - begin));
}

}  // namespace

uint64_t HashKey(ByteView key) { return Hash64(key, HashSeed()); }

void EncodeKeys(std::span<const Column* const> columns, size_t rows, KeyColumn* out) {
  SKEWLESS_CHECK(!columns.empty());
  for (const Column* column : columns) SKEWLESS_CHECK(column->size() >= rows);
  out->offsets.resize(rows + 1);
  out->hash.resize(rows);
  out->valid.resize(rows);
  if (columns.size() == 1 && IsIntKey(columns[0]->type)) {
    EncodeIntKeys(*columns[0], rows, out);
  } else {
    EncodeCompositeKeys(columns, rows, out);
  }
}

Result<Bytes> EncodeKey(std::span<const Value> values) {
  Bytes key;
  for (size_t i = 0; i < values.size(); ++i) {
    const Value& value = values[i];
    if (!value.valid) {
      return Fail(ErrorCode::kInvalid, "key column " + std::to_string(i + 1) + " is null",
                  "Give every key column a value.");
    }
    if (!IsKeyType(value.type)) {
      return Fail(ErrorCode::kInvalid,
                  "key column " + std::to_string(i + 1) + " is a " + TypeName(value.type) +
                      ", which can't be a key",
                  "Use a bool, int32, int64, string, bytes or timestamp.");
    }
    if (IsIntKey(value.type)) {
      PutLe<int64_t>(key, value.int_value);
    } else {
      PutLengthPrefixed(key, value.bytes);
    }
  }
  return key;
}

Result<std::vector<Value>> DecodeKey(std::span<const Type> types, ByteView key) {
  ByteReader reader(key);
  std::vector<Value> values;
  values.reserve(types.size());
  for (const Type type : types) {
    if (IsIntKey(type)) {
      values.push_back(Value::Int(reader.Get<int64_t>(), type));
    } else {
      values.push_back(Value::String(std::string(reader.GetLengthPrefixed()), type));
    }
  }
  if (!reader.ok() || reader.remaining() != 0) {
    return Fail(ErrorCode::kCorrupt, "an entity key of " + std::to_string(key.size()) +
                                         " bytes does not have the " +
                                         std::to_string(types.size()) + " columns expected");
  }
  return values;
}

}  // namespace skewless
