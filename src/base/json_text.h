// Pieces of JSON that are written by hand where a document tree would cost too much.
#pragma once

#include <string>
#include <string_view>

namespace skewless {

// The shortest text that reads back as the same double, with a point or an exponent so that no
// reader takes it for an integer. JSON has no NaN and no infinity: they become null.
void AppendJsonDouble(std::string& out, double value);

// `text` in quotes, escaped. Each byte that is not part of valid UTF-8 becomes U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace skewless
