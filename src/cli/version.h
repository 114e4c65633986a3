#pragma once

namespace skewless {
inline constexpr char kVersion[] = "0.1.0";
}
