// What is valid UTF-8: no overlong sequences, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace skewless {

bool IsUtf8(std::string_view text);

// The length of the valid sequence of two or more bytes at `at`, or 0.
size_t MultiByteLength(std::string_view text, size_t at);

}  // namespace skewless
