// What each script that writes rows begins with: who may write, and with which stamp.
#pragma once

#include <string_view>

namespace skewless::redis {

// KEYS: the rows' keys, each once; then the clock's. ARGV: the writer; the least stamp; then what
// the script says of the rows. Where the clock is not claimed by that writer it returns {0, who
// claimed it}, 0: nobody. It leaves to what follows:
//   keys, args, count   KEYS, ARGV, how many rows
//   writer, stamp       of all rows that are written; no less than the least stamp, and greater
//                       than any that this clock gave
//   last                the greatest stamp that was given
//   reply, except       {stamp, writer, exceptions...}, and what appends one
//   head(magic, at)     the first 16 bytes of a row that is stamped `at`
//   clock_at(at)        the clock's value where `at` is the greatest stamp that was given
extern const std::string_view kWritePrelude;

}  // namespace skewless::redis
