// The write of hashes, in the server: like the versioned write's script (write_script.h), with the
// same clock and the same reply.
#pragma once

#include <string_view>

namespace skewless::redis {

// KEYS: the rows' keys, each once; then the clock's. ARGV: for each row the field "row", with any
// stamp, all of one writer; its plan; then fields and values that are set, fields and increments,
// and fields that are removed. A plan is three u32, how many there are of these, and where it
// brings a row from one sequence to the next, that i64; without it the row is written whole. Behind
// all rows, where rows expire, for each row when, in milliseconds since the epoch ("0": never).
// Replies as the versioned write's script does, with one word more:
//   'apart': increments of a row that is not there, or is not as this writer left it at the
//   sequence that they begin from. It is as it was, and has to be written whole.
extern const std::string_view kIncrementScript;

}  // namespace skewless::redis
