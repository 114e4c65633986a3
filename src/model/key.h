// An entity's key as bytes: the identity of a row in every store and the input of its hash.
//   one integer-like column (bool, int32, int64, timestamp): its 8 bytes little-endian
//   otherwise, column by column: 8 bytes, or varint length + bytes
// The column order is the definition's. A row with a null key column has no entity.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/column.h"
#include "model/value.h"

namespace skewless {

constexpr bool IsKeyType(Type t) {
  return !t.is_list && t.kind != TypeKind::kFloat32 && t.kind != TypeKind::kFloat64;
}

// For the tables of this process: seeded anew by each, so that nobody can make up keys that
// collide.
uint64_t HashKey(ByteView key);

// Keys of all rows of a batch. `offsets` has rows + 1 entries into `bytes`; a row with a null key
// column has valid = 0 and an empty range. `hash` is HashKey of the key's bytes (0 where invalid).
struct KeyColumn {
  Bytes bytes;
  std::vector<uint64_t> offsets;  // a training set's labels may have more than 4 GiB of keys
  std::vector<uint64_t> hash;
  std::vector<uint8_t> valid;
  ByteView key(size_t row) const {
    return {bytes.data() + offsets[row], offsets[row + 1] - offsets[row]};
  }
};

// `columns[i]` is the batch's column of the i-th key. Reuses the memory of `out`.
void EncodeKeys(std::span<const Column* const> columns, size_t rows, KeyColumn* out);
// One key from values (a request, a command line).
Result<Bytes> EncodeKey(std::span<const Value> values);
// Back to values, for people and for tables. `types` in the definition's order.
Result<std::vector<Value>> DecodeKey(std::span<const Type> types, ByteView key);

}  // namespace skewless
