// Where the text of a scalar stands in its file, and errors that show it.
#include <algorithm>

#include "definition/yaml_document.h"

namespace skewless {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// How many bytes of `source` at `at` the escape of a double-quoted scalar takes, the backslash
// included.
size_t EscapeLength(std::string_view source, size_t at) {
  if (at + 1 >= source.size()) return 1;
  switch (source[at + 1]) {
    case 'x':
      return 4;
    case 'u':
      return 6;
    case 'U':
      return 10;
    default:
      return 2;
  }
}

}  // namespace

Place PlaceOf(const YamlNode& node) { return {node.document->file(), node.line, node.column}; }

tl::unexpected<Error> FailAt(const YamlNode& node, std::string message, std::string remedy) {
  if (node.kind == YamlNode::Kind::kScalar) {
    const size_t begin = node.document->OffsetOf(node.line, node.column);
    size_t end = LocateInScalar(node, node.text.size());
    const bool in_quotes =
        node.quoted && begin < node.document->text().size() &&
        (node.document->text()[begin] == '"' || node.document->text()[begin] == '\'');
    if (in_quotes) ++end;
    const size_t line_end =
        std::min(node.document->text().find('\n', begin), node.document->text().size());
    const size_t length = std::max<size_t>(1, std::min(end, line_end) - begin);
    return tl::unexpected(ErrorAt(PlaceOf(node), node.document->text(), static_cast<int>(length),
                                  std::move(message), std::move(remedy)));
  }
  const int length = std::max(1, static_cast<int>(node.text.size()));
  return tl::unexpected(
      ErrorAt(PlaceOf(node), node.document->text(), length, std::move(message), std::move(remedy)));
}

size_t LocateInScalar(const YamlNode& scalar, size_t offset) {
  const std::string_view source = scalar.document->text();
  size_t at = scalar.document->OffsetOf(scalar.line, scalar.column);
  const char first = at < source.size() ? source[at] : '\0';
  const char quote = scalar.quoted && (first == '"' || first == '\'') ? first : '\0';
  if (quote != '\0') {
    ++at;
  } else if (scalar.quoted) {  // a block scalar: its text begins in the next line
    at = std::min(source.find('\n', at), source.size());
    while (at < source.size() && IsSpace(source[at])) ++at;
  }
  // Walks the decoded text and the source side by side; where a fold or an indentation makes them
  // differ, any white space matches any run of it that holds a line break.
  const size_t end = std::min(offset, scalar.text.size());
  for (size_t i = 0; i < end && at < source.size(); ++i) {
    const char c = scalar.text[i];
    if (quote == '"' && source[at] == '\\') {
      const size_t length = EscapeLength(source, at);
      const bool two_bytes_or_more = length > 2;
      at = std::min(at + length, source.size());
      if (two_bytes_or_more) {
        // The other bytes of the character that the escape stands for.
        while (i + 1 < end && (static_cast<unsigned char>(scalar.text[i + 1]) & 0xC0U) == 0x80U)
          ++i;
      }
    } else if (IsSpace(c)) {
      size_t run = at;
      while (run < source.size() && IsSpace(source[run])) ++run;
      const bool breaks = source.substr(at, run - at).find('\n') != std::string_view::npos;
      if (breaks) {
        at = run;
      } else if (run > at) {
        ++at;
      }
    } else {
      at += (quote == '\'' && c == '\'') ? 2 : 1;
    }
  }
  // A place at the end of a folded line reads better at the next word.
  if (offset < scalar.text.size() && !IsSpace(scalar.text[offset])) {
    while (at < source.size() && IsSpace(source[at])) ++at;
  }
  return std::min(at, source.size());
}

tl::unexpected<Error> FailInside(const YamlNode& scalar, size_t offset, size_t length,
                                 std::string message, std::string remedy) {
  const YamlDocument& document = *scalar.document;
  const size_t begin = LocateInScalar(scalar, offset);
  const size_t end = LocateInScalar(scalar, offset + std::max<size_t>(length, 1));
  const size_t line_end = std::min(document.text().find('\n', begin), document.text().size());
  const size_t stop = std::min(std::max(end, begin + 1), line_end);
  const int shown = static_cast<int>(std::max<size_t>(stop > begin ? stop - begin : 1, 1));
  return tl::unexpected(ErrorAt(document.PlaceOf(begin), document.text(), shown, std::move(message),
                                std::move(remedy)));
}

}  // namespace skewless
