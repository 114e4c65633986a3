#include "definition/yaml_protection.h"

#include <cctype>
#include <cstddef>

namespace skewless {
namespace {

// Not 4, which yaml-cpp takes for the end of the file, and none that separates columns somewhere
// ("\x01", "\x1F"), since an escape in double quotes may still bring those in.
constexpr std::string_view kPlain = ",[]{}?";
constexpr std::string_view kProtected = "\x0E\x0F\x10\x11\x12\x13";

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

void Protect(std::string& line, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) {
    const size_t which = kPlain.find(line[i]);
    if (which != std::string_view::npos) line[i] = kProtected[which];
  }
}

// The place after the quote that closes the one at `open`, or npos where the line lacks it.
size_t AfterQuote(std::string_view line, size_t open) {
  const char quote = line[open];
  for (size_t at = open + 1; at < line.size(); ++at) {
    if (line[at] == '\\' && quote == '"') {
      ++at;
    } else if (line[at] == quote) {
      if (at + 1 >= line.size() || line[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return std::string_view::npos;
}

// The place after the parenthesis that closes the one at `open`, or npos.
size_t AfterParentheses(std::string_view line, size_t open) {
  int depth = 0;
  for (size_t at = open; at < line.size(); ++at) {
    if (line[at] == '(') ++depth;
    if (line[at] == ')' && --depth == 0) return at + 1;
    if (line[at] == '\'' || line[at] == '"') {
      const size_t after = AfterQuote(line, at);
      if (after == std::string_view::npos) return after;
      at = after - 1;
    }
  }
  return std::string_view::npos;
}

// The place after `[...]` at `open` where only letters and digits are inside, or npos.
size_t AfterTypeBrackets(std::string_view line, size_t open) {
  size_t at = open + 1;
  while (at < line.size() && IsWord(line[at])) ++at;
  return at < line.size() && line[at] == ']' ? at + 1 : std::string_view::npos;
}

void ProtectLine(std::string& line) {
  for (size_t at = 0; at < line.size();) {
    size_t after = std::string_view::npos;
    const bool after_word = at > 0 && IsWord(line[at - 1]);
    if (line[at] == '(') {
      after = AfterParentheses(line, at);
    } else if ((line[at] == '\'' || line[at] == '"') && !after_word) {
      after = AfterQuote(line, at);
    } else if (line[at] == '[' && (after_word || (at > 0 && line[at - 1] == kProtected[2]))) {
      after = AfterTypeBrackets(line, at);
    }
    if (after == std::string_view::npos) {
      ++at;
    } else {
      Protect(line, at, after);
      at = after;
    }
  }
}

}  // namespace

std::string ProtectYaml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t begin = 0; begin < text.size();) {
    const size_t newline = text.find('\n', begin);
    const size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    std::string line(text.substr(begin, end - begin));
    ProtectLine(line);
    out += line;
    begin = end;
  }
  return out;
}

std::string UnprotectYaml(std::string text) {
  for (char& c : text) {
    const size_t which = kProtected.find(c);
    if (which != std::string_view::npos) c = kPlain[which];
  }
  return text;
}

}  // namespace skewless
