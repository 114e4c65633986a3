#include "model/json_array.h"

#include <charconv>
#include <cstdint>

namespace skewless {
namespace {

void AppendUtf8(std::string& out, uint32_t code) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 63));
    put(0x80 | ((code >> 6) & 63));
    put(0x80 | (code & 63));
  }
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::optional<std::vector<JsonElement>> Split() {
    std::vector<JsonElement> elements;
    if (!TakeAfterSpace('[')) return std::nullopt;
    if (TakeAfterSpace(']')) return AtEnd() ? std::optional(elements) : std::nullopt;
    do {
      JsonElement element;
      if (!ReadElement(&element)) return std::nullopt;
      elements.push_back(std::move(element));
    } while (TakeAfterSpace(','));
    if (!TakeAfterSpace(']') || !AtEnd()) return std::nullopt;
    return elements;
  }

 private:
  void SkipSpace() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }
  bool AtEnd() {
    SkipSpace();
    return at_ == text_.size();
  }
  bool Take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool TakeAfterSpace(char c) {
    SkipSpace();
    return Take(c);
  }

  bool ReadElement(JsonElement* element) {
    if (TakeAfterSpace('"')) return ReadString(&element->text);
    const size_t end = text_.find_first_of(",] \t\r\n\"[{}", at_);
    const std::string_view token = text_.substr(at_, end == text_.npos ? end : end - at_);
    if (token.empty()) return false;
    at_ += token.size();
    element->is_null = token == "null";
    element->text = token;
    return true;
  }

  // After the opening quote.
  bool ReadString(std::string* out) {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (c != '\\') {
        out->push_back(c);
      } else if (!ReadEscape(out)) {
        return false;
      }
    }
    return false;
  }

  bool ReadEscape(std::string* out) {
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out->push_back(c);
        return true;
      case 'b':
        out->push_back('\b');
        return true;
      case 'f':
        out->push_back('\f');
        return true;
      case 'n':
        out->push_back('\n');
        return true;
      case 'r':
        out->push_back('\r');
        return true;
      case 't':
        out->push_back('\t');
        return true;
      case 'u':
        return ReadUnicode(out);
      default:
        return false;
    }
  }

  bool ReadUnicode(std::string* out) {
    uint32_t code = 0;
    if (!ReadHex(&code)) return false;
    if (code >= 0xdc00 && code <= 0xdfff) return false;
    if (code >= 0xd800 && code <= 0xdbff) {
      uint32_t low = 0;
      if (!Take('\\') || !Take('u') || !ReadHex(&low)) return false;
      if (low < 0xdc00 || low > 0xdfff) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    AppendUtf8(*out, code);
    return true;
  }

  bool ReadHex(uint32_t* code) {
    const std::string_view digits = text_.substr(at_, 4);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), *code, 16);
    if (digits.size() != 4 || error != std::errc() || end != digits.data() + 4) return false;
    at_ += 4;
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<JsonElement>> SplitJsonArray(std::string_view text) {
  return Splitter(text).Split();
}

}  // namespace skewless
