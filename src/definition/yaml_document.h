// A YAML file as a tree that remembers where each node stands, so that every later error can show
// the line with a caret. Two things go beyond plain YAML, so that definitions read naturally inside
// `{...}`: a comma or bracket within parentheses or quotes belongs to its text
// (`{share: a / nullif(b, 0)}`), and so does a bracket glued to a word (`{ts: timestamp[ms]}`).
// Duplicate keys are errors. Anchors and aliases work; merge keys, tags and several documents in a
// file do not.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/source_text.h"

namespace skewless {

class YamlDocument;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  // Defined below, once YamlNode is complete.
  struct Entry;

  Kind kind = Kind::kNull;
  std::string text;     // of a scalar; of a null the word that was written ("", "~", "null")
  bool quoted = false;  // '...', "...", or a block scalar
  int line = 0;         // 1-based, as shown to people
  int column = 0;
  const YamlDocument* document = nullptr;
  std::vector<std::shared_ptr<const YamlNode>> items;  // of a sequence
  std::vector<Entry> entries;                          // of a map, in order

  bool is_map() const { return kind == Kind::kMap; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  const YamlNode* Find(std::string_view key) const;  // a map's value, or null
};

struct YamlNode::Entry {
  std::shared_ptr<const YamlNode> key;  // a scalar, or a null whose text is its word
  std::shared_ptr<const YamlNode> value;
};

class YamlDocument {
 public:
  // `file` is the name shown in errors.
  static Result<std::unique_ptr<YamlDocument>> Parse(std::string text, std::string file);
  YamlDocument(const YamlDocument&) = delete;
  YamlDocument& operator=(const YamlDocument&) = delete;

  const YamlNode& root() const { return *root_; }
  const std::string& file() const { return file_; }
  const std::string& text() const { return text_; }

  // Byte offset in text() of a line and column, and back.
  size_t OffsetOf(int line, int column) const;
  Place PlaceOf(size_t offset) const;

 private:
  YamlDocument(std::string text, std::string file);
  Status CheckCharacters() const;
  Status ParseTree();

  std::string text_;
  std::string file_;
  std::vector<size_t> line_starts_;
  std::shared_ptr<const YamlNode> root_;
};

// Where a node begins.
Place PlaceOf(const YamlNode& node);

// An error that underlines the whole of a scalar, or the first character of anything else.
tl::unexpected<Error> FailAt(const YamlNode& node, std::string message, std::string remedy = {});

// An error at bytes [offset, offset + length) of a scalar's text, found again in the file through
// quotes, escapes and folded lines.
tl::unexpected<Error> FailInside(const YamlNode& scalar, size_t offset, size_t length,
                                 std::string message, std::string remedy = {});
// Where byte `offset` of a scalar's text stands in the file.
size_t LocateInScalar(const YamlNode& scalar, size_t offset);

}  // namespace skewless
