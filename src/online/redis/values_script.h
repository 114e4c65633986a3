// The Lua scripts of rows of finished values: the one that writes them, versioned and stamped by
// the server's clock, and the one that reads them.
#pragma once

#include <string_view>

namespace skewless::redis {

// As kWriteScript (write_script.h), for hashes; the clock is claimed by the same scripts.
// KEYS: the rows' keys, each once; then the clock's. ARGV: the writer; then for each row how many
// of its hash's words follow, its sequence, computed_for and layout, and the words, name and value
// in turn. Returns {stamp, writer, exceptions...}. An exception is four elements:
//   row (from 1), a word, the stored row's "<sequence> <stamp> <computed_for>", its stamp
// where the word is as there, or 'behind': the stored values are for as late a time, or a later
// one. Of 'written' the third is empty, and the fourth what the row was written with.
extern const std::string_view kValuesScript;

// Rows with what says that they are complete, as one snapshot. KEYS: that, then the rows. For EVAL:
// a reader loads nothing.
extern const std::string_view kReadValuesScript;

}  // namespace skewless::redis
