// A batch as bytes: the payload of a log frame and what the kernel's C ABI takes. Columnar;
// integers and times are stored as the difference to the column's least value in 0, 1, 2, 4 or 8
// bytes each, doubles raw, strings as lengths and bytes. See docs/formats/batch.md.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "model/batch.h"

namespace skewless {

// The most rows of one encoding: bounds what malformed bytes can make a reader allocate.
inline constexpr size_t kMaxEncodedRows = size_t{1} << 20;

// Appends the encoding of rows [begin, end) to `out`: version, source, rows, the first sequence
// (consecutive ones), processing and available times, event times, applied, columns, and the
// positions if `end` is the batch's end. A batch that no log has stamped yet (empty `sequence`) is
// encoded without stamps. Arrival times are not encoded: under a replay clock the stamps hold them.
// At most kMaxEncodedRows rows.
void EncodeBatch(const Batch& batch, size_t begin, size_t end, Bytes* out);

// `written` is the schema that the batch was encoded with, `wanted` the one it is read as: columns
// match by name, a column that `written` lacks is null, one of another type is an error.
// Strings are copied into the batch's arena, so `bytes` may go away. Malformed bytes are kCorrupt,
// a newer version is kVersion; `out` then has no rows. `wanted` outlives the batch.
Status DecodeBatch(ByteView bytes, const Schema& written, const Schema& wanted, Batch* out);

}  // namespace skewless
