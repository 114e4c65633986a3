#include "definition/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <sstream>

#include "base/check.h"
#include "definition/yaml_protection.h"

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

// Builds the tree from yaml-cpp's events. The first error stops the building; later events are
// ignored, so that nothing is thrown through the library.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const YamlDocument& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto node = NewNode(YamlNode::Kind::kNull, mark, "?");
    if (!open_.empty() && open_.back().key != nullptr) StandAfterColon(*open_.back().key, *node);
    // The word matters where it is a key: `null: NA`.
    const std::string_view rest = RestOfText(*node);
    for (const std::string_view word : {"null", "Null", "NULL", "~"}) {
      if (rest.substr(0, word.size()) == word) node->text = word;
    }
    Add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (error_) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      auto node = NewNode(YamlNode::Kind::kNull, mark, "?");
      error_ =
          FailAt(*node, "an alias inside the node that it names", "Write the value out.").value();
      return;
    }
    Attach(found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = NewNode(YamlNode::Kind::kScalar, mark, tag);
    node->text = UnprotectYaml(value);
    // The mark of a tagged or anchored scalar is the tag's or the anchor's.
    const std::string_view rest = RestOfText(*node);
    if (!rest.empty() && rest[0] == '&') SkipAnchor(*node);
    node->quoted = tag == "!";
    if (node->quoted) CheckClosed(*node);
    Add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(NewNode(YamlNode::Kind::kSequence, mark, tag), anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(NewNode(YamlNode::Kind::kMap, mark, tag), anchor);
  }
  void OnMapEnd() override { Close(); }

  std::optional<Error>& error() { return error_; }
  std::shared_ptr<const YamlNode> root() { return root_; }

 private:
  struct OpenNode {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor = 0;
    std::shared_ptr<const YamlNode> key;  // of a map: read, its value not yet
  };

  std::shared_ptr<YamlNode> NewNode(YamlNode::Kind kind, const YAML::Mark& mark,
                                    const std::string& tag) {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    node->document = &document_;
    if (!tag.empty() && tag != "?" && tag != "!" && !error_) {
      error_ = FailAt(*node, "YAML tags have no meaning here", "Remove the tag.").value();
    }
    return node;
  }

  std::string_view RestOfText(const YamlNode& node) const {
    const size_t offset = document_.OffsetOf(node.line, node.column);
    return std::string_view(document_.text()).substr(offset);
  }

  // yaml-cpp finds a value that is not there at the next thing that is, lines further down.
  void StandAfterColon(const YamlNode& key, YamlNode& node) const {
    const std::string_view text = document_.text();
    const size_t colon = text.find(':', LocateInScalar(key, key.text.size()));
    const size_t here = document_.OffsetOf(node.line, node.column);
    if (colon == std::string_view::npos || colon >= here) return;
    if (text.substr(colon, here - colon).find('\n') == std::string_view::npos) return;
    const Place place = document_.PlaceOf(colon + 1);
    node.line = place.line;
    node.column = place.column;
  }

  void SkipAnchor(YamlNode& node) {
    const std::string_view text = document_.text();
    size_t at = document_.OffsetOf(node.line, node.column);
    while (at < text.size() && !IsSpace(text[at])) ++at;
    while (at < text.size() && IsSpace(text[at])) ++at;
    const Place place = document_.PlaceOf(at);
    node.line = place.line;
    node.column = place.column;
  }

  // yaml-cpp takes the end of the file for a missing closing quote.
  void CheckClosed(const YamlNode& node) {
    const std::string_view rest = RestOfText(node);
    if (error_ || rest.empty() || (rest[0] != '"' && rest[0] != '\'')) return;
    const char quote = rest[0];
    for (size_t at = 1; at < rest.size(); ++at) {
      if (quote == '"' && rest[at] == '\\') {
        ++at;
      } else if (rest[at] == quote) {
        if (quote == '"' || at + 1 >= rest.size() || rest[at + 1] != quote) return;
        ++at;
      }
    }
    error_ = ErrorAt(skewless::PlaceOf(node), document_.text(), 1, "this quote is never closed",
                     std::string("Close the text with ") + quote + ".");
  }

  void Add(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
    if (error_) return;
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    Attach(std::move(node));
  }

  void Open(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
    if (error_) return;
    open_.push_back({std::move(node), anchor, nullptr});
  }

  void Close() {
    if (error_) return;
    OpenNode closed = std::move(open_.back());
    open_.pop_back();
    if (closed.anchor != YAML::NullAnchor) anchors_[closed.anchor] = closed.node;
    Attach(std::move(closed.node));
  }

  void Attach(std::shared_ptr<const YamlNode> node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node->kind == YamlNode::Kind::kSequence) {
      parent.node->items.push_back(std::move(node));
    } else if (parent.key == nullptr) {
      CheckKey(*parent.node, *node);
      parent.key = std::move(node);
    } else {
      parent.node->entries.push_back({std::move(parent.key), std::move(node)});
      parent.key = nullptr;
    }
  }

  void CheckKey(const YamlNode& map, const YamlNode& key) {
    if (key.kind != YamlNode::Kind::kScalar && key.text.empty()) {
      error_ = FailAt(key, "a key must be a name").value();
      return;
    }
    for (const YamlNode::Entry& entry : map.entries) {
      if (entry.key->text != key.text) continue;
      error_ = FailAt(key,
                      "duplicate key '" + key.text + "': line " + std::to_string(entry.key->line) +
                          " has it already",
                      "Remove or rename one of the two.")
                   .value();
      return;
    }
  }

  const YamlDocument& document_;
  std::map<YAML::anchor_t, std::shared_ptr<const YamlNode>> anchors_;
  std::vector<OpenNode> open_;
  std::shared_ptr<const YamlNode> root_;
  std::optional<Error> error_;
};

// What yaml-cpp says, in words for someone who never saw a YAML parser from within.
std::pair<std::string, std::string> ExplainYamlError(const std::string& message) {
  if (message == "illegal map value") {
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
  TreeBuilder builder(*this);
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
    TreeBuilder second(*this);
    if (parser.HandleNextDocument(second)) {
      const Place place = second.root() ? skewless::PlaceOf(*second.root()) : Place{file_, 1, 1};
      return tl::unexpected(ErrorAt(place, text_, 1, "a second YAML document in one file",
                                    "Put it into a file of its own under features/."));
    }
  } catch (const YAML::Exception& exception) {
    if (builder.error()) return tl::unexpected(std::move(*builder.error()));
    auto [message, remedy] = ExplainYamlError(exception.msg);
    const Place place = PlaceOf(OffsetOf(exception.mark.line + 1, exception.mark.column + 1));
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
