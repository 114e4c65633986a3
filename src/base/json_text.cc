#include "base/json_text.h"

#include <cmath>
#include <cstdint>

#include "base/number_text.h"
#include "base/utf8.h"

namespace skewless {
namespace {

bool IsPlain(char c) { return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f; }

void AppendEscaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto code = static_cast<uint8_t>(c);
  out += "\\u00";
  out.push_back(kHex[code >> 4]);
  out.push_back(kHex[code & 15]);
}

}  // namespace

void AppendJsonDouble(std::string& out, double value) {
  if (std::isfinite(value)) {
    AppendDouble(out, value);
  } else {
    out += "null";
  }
}

void AppendJsonString(std::string& out, std::string_view text) {
  out.push_back('"');
  size_t at = 0;
  while (at < text.size()) {
    size_t plain = at;
    while (plain < text.size() && IsPlain(text[plain])) ++plain;
    out.append(text, at, plain - at);
    at = plain;
    if (at == text.size()) break;
    if ((static_cast<uint8_t>(text[at]) & 0x80) == 0) {
      AppendEscaped(out, text[at]);
      ++at;
    } else if (const size_t length = MultiByteLength(text, at); length != 0) {
      out.append(text, at, length);
      at += length;
    } else {
      out += "\xef\xbf\xbd";
      ++at;
    }
  }
  out.push_back('"');
}

}  // namespace skewless
