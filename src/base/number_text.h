// Numbers as text and back, the same in every locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skewless {

// The whole of `text` as a decimal integer ("-12"; no spaces, no '+'); none where it isn't one or
// is outside int64.
std::optional<int64_t> ParseInt64(std::string_view text);

// The whole of `text` as a decimal number ("1", "-0.5", "1e9", "nan", "inf", "-Infinity"); none
// where it isn't one or is too large for a double. Too small becomes zero.
std::optional<double> ParseDouble(std::string_view text);

void AppendInt64(std::string& out, int64_t value);

// The shortest text that reads back as the same value, and always as a floating-point one: "1.0",
// "0.1", "1e+300", "NaN", "Infinity", "-Infinity".
void AppendDouble(std::string& out, double value);
void AppendFloat(std::string& out, float value);

}  // namespace skewless
