// Bytes as text: RFC 4648's standard alphabet with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace skewless {

void AppendBase64(std::string& out, ByteView bytes);

// None where `text` isn't base64. The padding may be missing, but not wrong.
std::optional<std::string> ParseBase64(std::string_view text);

}  // namespace skewless
