// The line that defines a feature, cut into its parts:
//   aggregate(argument, ...) [respect nulls] [filter (where ...)] [over W [hop H | exact]]
// Only the frame is understood here; the expressions inside are the expression room's. Words of the
// frame may be in any letter case.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expression/expression.h"

namespace skewless {

// A part of the line: its text without surrounding space, and where that begins.
struct LinePart {
  std::string_view text;
  size_t offset = 0;
};

struct FeatureLine {
  LinePart aggregate;               // the name as written
  LinePart parentheses;             // "(...)" of the arguments
  std::vector<LinePart> arguments;  // cut at commas; empty for "()"
  std::optional<LinePart> respect_nulls;
  std::optional<LinePart> filter;  // the expression after `where`
  std::optional<LinePart> window;
  std::optional<LinePart> hop;
  bool exact = false;
};

// The parts point into `text`.
ExpressionResult<FeatureLine> ScanFeatureLine(std::string_view text);

}  // namespace skewless
