// Decimals as Avro writes them: a whole number's bytes, and how many of its digits stand behind the
// point.
#pragma once

#include <string>
#include <string_view>

namespace skewless {

inline constexpr int kMaxDecimalScale = 76;

// "-12.34" of the number -1234 with scale 2; as many digits behind the point as the scale says.
// `unscaled`: two's complement, the greatest byte first; empty is 0. False where it has more than
// 32 bytes, 76 digits that is, without those that only repeat the sign.
bool DecimalText(std::string_view unscaled, int scale, std::string* text);

}  // namespace skewless
