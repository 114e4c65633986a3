// A JSON array of plain values, cut into its elements: how a list is written in a CSV field or on a
// command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skewless {

struct JsonElement {
  bool is_null = false;
  std::string text;  // a string's contents, or a number's or literal's text
};

// None where `text` isn't an array of strings, numbers, true, false and null.
std::optional<std::vector<JsonElement>> SplitJsonArray(std::string_view text);

}  // namespace skewless
