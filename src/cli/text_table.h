// A table of text for a person: no wider than what is in it, so that a row stays a line.
#pragma once

#include <string>
#include <vector>

namespace skewless {

// A line a row, each column as wide as its widest cell, two blanks apart: the first column to the
// left, the others to the right.
std::string AlignedTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace skewless
