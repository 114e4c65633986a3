#include "definition/yaml_document.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "definition/yaml_protection.h"
#include "definition/yaml_tree_builder.h"

namespace skewless {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Length of the valid UTF-8 character at `at`, or 0.
size_t Utf8Length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (first == 0xED && byte(1) > 0x9F) return 0;  // surrogates
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

// What yaml-cpp says, in words for someone who never saw a YAML parser from within. `before`: the
// line up to where it says so.
std::pair<std::string, std::string> ExplainYamlError(const std::string& message,
                                                     std::string_view before) {
  const size_t first = std::min(before.find_first_not_of(" \t"), before.size());
  if (before.substr(0, first).find('\t') != std::string_view::npos) {
    return {"not valid YAML: a tab can't indent", "Indent by spaces."};
  }
  if (message == "illegal map value") {
    // Where it is right after the line's key, what is above was read on into this line.
    if (before.find_first_of(" :{[\"'", first) == std::string_view::npos) {
      return {
          "not valid YAML: a ': ' where no value can begin",
          "Does the entry above have its ': ' (a colon and a blank), and the same indentation?"};
    }
    return {"not valid YAML: a ': ' where no value can begin",
            "Quote the text that holds ': ', and check the indentation (spaces, not tabs)."};
  }
  if (message == "end of map flow not found" || message == "end of sequence flow not found") {
    return {"not valid YAML: a '{' or '[' before this place is not closed",
            "Separate entries with commas and close the bracket; quote text that holds brackets."};
  }
  if (message == "end of map not found") {
    return {"not valid YAML: expected 'key: value' here",
            "Write 'key: value' with the same indentation as the entries above."};
  }
  return {"not valid YAML: " + message, "Check the indentation, quotes and brackets before here."};
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key->text == key) return entry.value.get();
  }
  return nullptr;
}

YamlDocument::YamlDocument(std::string text, std::string file)
    : text_(std::move(text)), file_(std::move(file)) {
  if (text_.starts_with("\xEF\xBB\xBF")) text_.erase(0, 3);
  line_starts_.push_back(0);
  for (size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

size_t YamlDocument::OffsetOf(int line, int column) const {
  if (line < 1) return 0;
  const size_t index = std::min(static_cast<size_t>(line) - 1, line_starts_.size() - 1);
  return std::min(line_starts_[index] + static_cast<size_t>(std::max(column, 1)) - 1, text_.size());
}

Place YamlDocument::PlaceOf(size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto line = static_cast<size_t>(next - line_starts_.begin());
  return {file_, static_cast<int>(line), static_cast<int>(offset - line_starts_[line - 1]) + 1};
}

Status YamlDocument::CheckCharacters() const {
  for (size_t at = 0; at < text_.size();) {
    const auto byte = static_cast<unsigned char>(text_[at]);
    const size_t length = Utf8Length(text_, at);
    if (length == 0) {
      return tl::unexpected(
          ErrorAt(PlaceOf(at), text_, 1, "this is not UTF-8 text", "Save the file as UTF-8."));
    }
    if ((byte < 0x20 && !IsSpace(text_[at])) || byte == 0x7F) {
      return tl::unexpected(ErrorAt(PlaceOf(at), text_, 1,
                                    "a control character (byte " + std::to_string(byte) + ")",
                                    "Remove it, or write it as an escape in double quotes."));
    }
    at += length;
  }
  return {};
}

Status YamlDocument::ParseTree() {
  YamlTreeBuilder builder(*this);
  try {
    std::istringstream stream(ProtectYaml(text_));
    YAML::Parser parser(stream);
    const bool any = parser.HandleNextDocument(builder);
    if (builder.error()) return tl::unexpected(std::move(*builder.error()));
    root_ = builder.root();
    if (!any || root_ == nullptr) {
      return tl::unexpected(ErrorAt({file_, 1, 1}, text_, 1, "the file holds no definitions",
                                    "Write 'project: NAME' and the rest, or run `skewless init`."));
    }
    YamlTreeBuilder second(*this);
    if (parser.HandleNextDocument(second)) {
      const Place place = second.root() ? skewless::PlaceOf(*second.root()) : Place{file_, 1, 1};
      return tl::unexpected(ErrorAt(place, text_, 1, "a second YAML document in one file",
                                    "Put it into a file of its own under features/."));
    }
  } catch (const YAML::Exception& exception) {
    if (builder.error()) return tl::unexpected(std::move(*builder.error()));
    const size_t line = OffsetOf(exception.mark.line + 1, 1);
    const size_t offset = OffsetOf(exception.mark.line + 1, exception.mark.column + 1);
    auto [message, remedy] =
        ExplainYamlError(exception.msg, std::string_view(text_).substr(line, offset - line));
    const Place place = PlaceOf(offset);
    return tl::unexpected(ErrorAt(place, text_, 1, std::move(message), std::move(remedy)));
  }
  return {};
}

Result<std::unique_ptr<YamlDocument>> YamlDocument::Parse(std::string text, std::string file) {
  std::unique_ptr<YamlDocument> document(new YamlDocument(std::move(text), std::move(file)));
  SKEWLESS_RETURN_IF_ERROR(document->CheckCharacters());
  SKEWLESS_RETURN_IF_ERROR(document->ParseTree());
  return document;
}

}  // namespace skewless
