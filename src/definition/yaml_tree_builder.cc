#include "definition/yaml_tree_builder.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <utility>

#include "definition/yaml_protection.h"

namespace skewless {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

void YamlTreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (error_) return;
  auto node = NewNode(YamlNode::Kind::kNull, mark, "?");
  if (!open_.empty() && open_.back().key != nullptr) StandAfterColon(*open_.back().key, *node);
  // The word matters where it is a key: `null: NA`.
  const std::string_view rest = RestOfText(*node);
  for (const std::string_view word : {"null", "Null", "NULL", "~"}) {
    if (rest.substr(0, word.size()) == word) node->text = word;
  }
  Add(std::move(node), anchor);
}

void YamlTreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (error_) return;
  const auto found = anchors_.find(anchor);
  if (found != anchors_.end()) return Attach(found->second);
  const auto node = NewNode(YamlNode::Kind::kNull, mark, "?");
  error_ = FailAt(*node, "an alias inside the node that it names", "Write the value out.").value();
}

void YamlTreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag,
                               YAML::anchor_t anchor, const std::string& value) {
  if (error_) return;
  auto node = NewNode(YamlNode::Kind::kScalar, mark, tag);
  node->text = UnprotectYaml(value);
  if (anchor != YAML::NullAnchor) SkipAnchor(*node);
  node->quoted = tag == "!";
  if (node->quoted) CheckClosed(*node);
  Add(std::move(node), anchor);
}

void YamlTreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                                      YAML::anchor_t anchor, YAML::EmitterStyle::value) {
  Open(NewNode(YamlNode::Kind::kSequence, mark, tag), anchor);
}

void YamlTreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag,
                                 YAML::anchor_t anchor, YAML::EmitterStyle::value) {
  Open(NewNode(YamlNode::Kind::kMap, mark, tag), anchor);
}

std::shared_ptr<YamlNode> YamlTreeBuilder::NewNode(YamlNode::Kind kind, const YAML::Mark& mark,
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

std::string_view YamlTreeBuilder::RestOfText(const YamlNode& node) const {
  return std::string_view(document_.text()).substr(document_.OffsetOf(node.line, node.column));
}

// yaml-cpp finds a value that is not there at the next thing that is, lines further down.
void YamlTreeBuilder::StandAfterColon(const YamlNode& key, YamlNode& node) const {
  const std::string_view text = document_.text();
  const size_t colon = text.find(':', LocateInScalar(key, key.text.size()));
  const size_t here = document_.OffsetOf(node.line, node.column);
  if (colon == std::string_view::npos || colon >= here) return;
  if (text.substr(colon, here - colon).find('\n') == std::string_view::npos) return;
  const Place place = document_.PlaceOf(colon + 1);
  node.line = place.line;
  node.column = place.column;
}

// The mark of an anchored scalar is the anchor's.
void YamlTreeBuilder::SkipAnchor(YamlNode& node) const {
  const std::string_view text = document_.text();
  size_t at = document_.OffsetOf(node.line, node.column);
  if (at >= text.size() || text[at] != '&') return;
  while (at < text.size() && !IsSpace(text[at])) ++at;
  while (at < text.size() && IsSpace(text[at])) ++at;
  const Place place = document_.PlaceOf(at);
  node.line = place.line;
  node.column = place.column;
}

// yaml-cpp takes the end of the file for a missing closing quote.
void YamlTreeBuilder::CheckClosed(const YamlNode& node) {
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
  error_ = ErrorAt(PlaceOf(node), document_.text(), 1, "this quote is never closed",
                   std::string("Close the text with ") + quote + ".");
}

void YamlTreeBuilder::CheckKey(const YamlNode& map, const YamlNode& key) {
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

void YamlTreeBuilder::Add(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
  if (error_) return;
  if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
  Attach(std::move(node));
}

void YamlTreeBuilder::Open(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
  if (error_) return;
  open_.push_back({std::move(node), anchor, nullptr});
}

void YamlTreeBuilder::Close() {
  if (error_) return;
  OpenNode closed = std::move(open_.back());
  open_.pop_back();
  if (closed.anchor != YAML::NullAnchor) anchors_[closed.anchor] = closed.node;
  Attach(std::move(closed.node));
}

void YamlTreeBuilder::Attach(std::shared_ptr<const YamlNode> node) {
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

}  // namespace skewless
