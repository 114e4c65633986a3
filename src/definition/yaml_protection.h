// Expressions and types inside YAML's `{...}` and `[...]`, where a comma or a bracket would end the
// text: the ones within parentheses or quotes of one line, and the brackets glued to a word, are
// swapped for control characters of the same length before the YAML parser sees them, and swapped
// back in every scalar. Control characters are refused in files, so nothing else can be meant.
#pragma once

#include <string>
#include <string_view>

namespace skewless {

std::string ProtectYaml(std::string_view text);
std::string UnprotectYaml(std::string text);

}  // namespace skewless
