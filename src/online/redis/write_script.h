// The versioned write, in the server: one Lua script, atomic, many rows a call.
#pragma once

#include <string_view>

namespace skewless::redis {

// KEYS: the rows' keys, each once; then the clock's. ARGV: for each row its bytes, with any stamp,
// all of one writer; then, where rows expire, for each row when, in milliseconds since the epoch
// ("0": never). Returns {stamp, writer, exceptions...}: rows that no exception names were written
// with `stamp`. An exception is four elements:
//   row (from 1), 'same' | 'older' | 'written' | 'foreign', the stored sequence (8 bytes
//   little-endian), the stored row's stamp
// Where the clock is not claimed by the rows' writer, nothing is written and the stamp is 0; then
// `writer` is who claimed it, 0: nobody.
extern const std::string_view kWriteScript;

}  // namespace skewless::redis
