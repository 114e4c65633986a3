// A row as Redis holds it, in one string value: stamp, sequence, the stamps that are not yet
// durable elsewhere, and the entity's state. docs/formats/redis.md is the specification.
//
//   0  u32 magic "SKR1"     16  u64 checksum, XXH3 of all that follows
//   4  u64 stamp            24  i64 sequence
//  12  u32 stamp's check    32  u32 count of unlogged stamps, u32 writer
//                           40  count times: i64 sequence, i64 stamp; then the state
//
// The first 16 bytes are written by the script in the server, whose clock gives the stamp; the
// writer leaves them zero.
#pragma once

#include "online/remote_rows.h"

namespace skewless::redis {

inline constexpr uint32_t kRowMagic = 0x31524B53;  // "SKR1": the last byte is the version
inline constexpr size_t kStampBytes = 16;          // made by the script
inline constexpr size_t kRowHeadBytes = 40;
inline constexpr size_t kMaxUnloggedStamps = size_t{1} << 20;
// Greatest prime below 2^32: a stamp's check is its remainder, which the script's doubles can hold.
inline constexpr uint64_t kStampModulus = 4294967291;

// A stamp that is not yet durable elsewhere, in a row: i64 sequence, i64 stamp.
inline constexpr size_t kUnloggedBytes = 16;

// Of a row, in whatever form, that can't be read.
tl::unexpected<Error> DamagedRow(const char* what);
tl::unexpected<Error> NewerRow();

// What each row begins with, appended: its head and the unlogged stamps, with neither stamp nor
// checksum.
void EncodeRowHead(const RowWrite& row, Bytes* out);
// What the writer sends, appended: the row without a stamp.
size_t EncodedRowBytes(const RowWrite& row);
void EncodeRow(const RowWrite& row, Bytes* out);

struct Row {
  Stamp stamp;
  uint32_t writer = 0;
  ByteView unlogged;  // 16 bytes each
  ByteView state;
};
// Verifies everything but the state's own encoding. `bytes` outlives the row.
Result<Row> DecodeRow(ByteView bytes);
// Of a row's first bytes alone: the stamps that they reach to, and how many there are.
struct RowHead {
  Stamp stamp;
  uint32_t writer = 0;
  size_t unlogged_count = 0;
  std::vector<Stamp> unlogged;
};
// `magic`: of a row's form.
Result<RowHead> DecodeRowHead(ByteView bytes, uint32_t magic = kRowMagic);

}  // namespace skewless::redis
