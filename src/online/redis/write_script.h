// The versioned write, in the server: one Lua script, atomic, many rows a call.
#pragma once

#include <string_view>

namespace skewless::redis {

// KEYS: the rows' keys, each once; then the clock's. ARGV: for each row its bytes, with any stamp;
// then, where rows expire, for each row when, in milliseconds since the epoch ("0": never). Returns
// {stamp, clock was there (0 or 1), exceptions...}: rows that no exception names were written with
// `stamp`. An exception is four elements:
//   row (from 1), 'same' | 'older' | 'written' | 'foreign', the stored sequence (8 bytes
//   little-endian), the stored row's stamp
// Where another writer left the row that is 'same' or that was 'written' over, the third is what
// that row began with, as far as its stamps reach: they may be known to nobody else.
extern const std::string_view kWriteScript;

}  // namespace skewless::redis
