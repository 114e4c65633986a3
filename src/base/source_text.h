// A place in a text file that a user wrote, and errors that show it as a compiler does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skewless {

// 1-based line and column (in bytes) of a file.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
};

// "file:3:17: error: message\n   3 | the line itself\n     |       ^~~~\n  remedy"
// `text` is the file's whole text (for the line), `length` the number of columns to underline.
Error ErrorAt(const Place& place, std::string_view text, int length, std::string message,
              std::string remedy = {});

// The nearest of `names` by edit distance, or "" where none is near: for "did you mean 'price'?".
std::string NearestName(std::string_view name, const std::vector<std::string>& names);

}  // namespace skewless
