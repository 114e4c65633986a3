#include "definition/yaml_values.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace skewless {
namespace {

std::string Quote(std::string_view text) {
  std::string out = "'";
  out.append(text).append("'");
  return out;
}

// A remedy as a sentence of its own: a capital at the start, a full stop at the end.
std::string Sentence(std::string text) {
  if (text.empty()) return text;
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  if (!text.ends_with('.') && !text.ends_with('?')) text += '.';
  return text;
}

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNameCharacter(char c) { return IsNameStart(c) || (c >= '0' && c <= '9'); }

bool IsName(std::string_view text) {
  return !text.empty() && IsNameStart(text[0]) &&
         std::all_of(text.begin(), text.end(), IsNameCharacter);
}

// "sales-24h" -> "sales_24h": the nearest thing that may be a name.
std::string NameLike(std::string_view text) {
  std::string out;
  for (const char c : text) out.push_back(IsNameCharacter(c) ? c : '_');
  if (out.empty() || !IsNameStart(out[0])) out.insert(0, 1, '_');
  return out;
}

std::string KindName(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return Quote(node.text);
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return "nothing";
}

std::optional<TimestampUnit> ParseUnit(std::string_view unit) {
  if (unit == "s") return TimestampUnit::kSeconds;
  if (unit == "ms") return TimestampUnit::kMillis;
  if (unit == "us") return TimestampUnit::kMicros;
  if (unit == "ns") return TimestampUnit::kNanos;
  return std::nullopt;
}

const std::vector<std::string>& TypeWords() {
  static const std::vector<std::string> words = {
      "bool",  "int32",     "int64",         "float32",      "float64",       "string",
      "bytes", "timestamp", "timestamp[ms]", "timestamp[s]", "timestamp[us]", "timestamp[ns]"};
  return words;
}

// "timestamp[ms][]": the element's type, then "[]" for a list.
bool ParseColumnType(std::string_view text, ColumnSpec* column) {
  std::string_view element = text;
  const bool is_list = element.ends_with("[]");
  if (is_list) element.remove_suffix(2);
  constexpr std::string_view kWithUnit = "timestamp[";
  if (element.starts_with(kWithUnit) && element.ends_with("]")) {
    element.remove_prefix(kWithUnit.size());
    element.remove_suffix(1);
    const std::optional<TimestampUnit> unit = ParseUnit(element);
    if (!unit) return false;
    column->type = {TypeKind::kTimestamp, is_list};
    column->unit = *unit;
    return true;
  }
  const std::optional<Type> type = ParseTypeName(element);
  if (!type || type->is_list) return false;
  column->type = {type->kind, is_list};
  return true;
}

// "0", or of any unit: "0s", "0ms".
bool IsZeroDuration(const std::string& text) {
  if (!text.starts_with('0')) return false;
  const size_t end = text.find_first_not_of('0');
  if (end == std::string::npos) return true;
  const bool more_digits = text[end] >= '1' && text[end] <= '9';
  return !more_digits && ParseDuration("1" + text.substr(end)).has_value();
}

}  // namespace

std::string ListOfWords(const std::vector<std::string>& words, std::string_view last) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && i + 1 == words.size()) {
      out.append(" ").append(last).append(" ");
    } else if (i > 0) {
      out += ", ";
    }
    out += Quote(words[i]);
  }
  return out;
}

std::string SuggestName(std::string_view name, const std::vector<std::string>& names,
                        std::string otherwise) {
  const std::string nearest = NearestName(name, names);
  if (nearest.empty()) return otherwise;
  return "Did you mean " + Quote(nearest) + "?";
}

std::string PlaceText(const Place& place) {
  std::string out = place.file;
  out.append(":").append(std::to_string(place.line));
  out.append(":").append(std::to_string(place.column));
  return out;
}

Status CheckMap(const YamlNode& node, std::string_view what,
                const std::vector<std::string>& known_keys) {
  if (!node.is_map()) {
    return FailAt(node, std::string(what) + ": expected a map, found " + KindName(node),
                  "Write 'key: value' entries below it; the keys are " +
                      ListOfWords(known_keys, "and") + ".");
  }
  for (const YamlNode::Entry& entry : node.entries) {
    const std::string& key = entry.key->text;
    if (std::find(known_keys.begin(), known_keys.end(), key) != known_keys.end()) continue;
    if (key == "<<") {
      return FailAt(*entry.key, "merge keys ('<<') are not understood here",
                    "Write the keys out; an alias (*name) may stand for a whole value.");
    }
    return FailAt(
        *entry.key, std::string(what) + ": unknown key " + Quote(key),
        SuggestName(key, known_keys, "The keys are " + ListOfWords(known_keys, "and") + "."));
  }
  return {};
}

Status CheckNamedMap(const YamlNode& node, std::string_view what, std::string_view example) {
  if (node.is_map()) return {};
  return FailAt(node, std::string(what) + ": expected a map of names, found " + KindName(node),
                "Write, as an example, '" + std::string(example) + "'.");
}

Result<const YamlNode*> RequireKey(const YamlNode& map, std::string_view what, std::string_view key,
                                   std::string_view example) {
  if (const YamlNode* value = map.Find(key)) return value;
  return FailAt(map, std::string(what) + ": missing key " + Quote(key),
                "Add, as an example, '" + std::string(example) + "'.");
}

Result<std::string> ReadText(const YamlNode& node, std::string_view what,
                             std::string_view example) {
  if (node.is_scalar() && !node.text.empty()) return node.text;
  std::string found = KindName(node);
  if (node.is_scalar()) found = "an empty text";
  return FailAt(node, std::string(what) + ": expected a text, found " + found,
                "Write, as an example, '" + std::string(example) + "'.");
}

Result<std::string> ReadName(const YamlNode& node, std::string_view what) {
  if (node.kind == YamlNode::Kind::kMap || node.kind == YamlNode::Kind::kSequence ||
      node.text.empty()) {
    return FailAt(node,
                  "expected a name for the " + std::string(what) + ", found " + KindName(node));
  }
  if (IsName(node.text)) return node.text;
  return FailAt(node,
                "'" + node.text + "' can't be the name of a " + std::string(what) +
                    ": a name has letters, digits and _, and begins with no digit",
                "Use a name such as '" + NameLike(node.text) + "'.");
}

Result<bool> ReadBool(const YamlNode& node, std::string_view what) {
  if (node.is_scalar() && (node.text == "true" || node.text == "false")) {
    return node.text == "true";
  }
  return FailAt(node, std::string(what) + ": expected true or false, found " + KindName(node));
}

Result<int64_t> ReadInteger(const YamlNode& node, std::string_view what, int64_t least,
                            int64_t greatest) {
  int64_t value = 0;
  if (node.is_scalar()) {
    const char* end = node.text.data() + node.text.size();
    const auto [stop, error] = std::from_chars(node.text.data(), end, value);
    if (error == std::errc() && stop == end && value >= least && value <= greatest) return value;
  }
  return FailAt(node, std::string(what) + ": expected a whole number from " +
                          std::to_string(least) + " to " + std::to_string(greatest) + ", found " +
                          KindName(node));
}

Result<DurationUs> ReadDuration(const YamlNode& node, std::string_view what, bool zero_allowed) {
  const std::string remedy = "Write a whole number and a unit: 250ms, 5s, 10m, 24h, 7d.";
  if (!node.is_scalar()) {
    return FailAt(node, std::string(what) + ": expected a duration, found " + KindName(node),
                  remedy);
  }
  if (zero_allowed && IsZeroDuration(node.text)) return DurationUs{0};
  const Result<DurationUs> duration = ParseDuration(node.text);
  if (!duration) {
    return FailAt(node, std::string(what) + ": expected a duration, found " + Quote(node.text),
                  remedy);
  }
  if (*duration > kLongestDuration) {
    return FailAt(node, std::string(what) + ": longer than a hundred years",
                  "Name at most " + FormatDuration(kLongestDuration) + ".");
  }
  return *duration;
}

Result<size_t> ReadWord(const YamlNode& node, std::string_view what,
                        const std::vector<std::string>& words) {
  if (node.is_scalar()) {
    const auto found = std::find(words.begin(), words.end(), node.text);
    if (found != words.end()) return static_cast<size_t>(found - words.begin());
  }
  return FailAt(
      node, std::string(what) + ": expected " + ListOfWords(words) + ", found " + KindName(node),
      node.is_scalar() ? SuggestName(node.text, words, {}) : std::string());
}

Result<ColumnSpec> ReadColumn(const YamlNode& name, const YamlNode& type, std::string_view what) {
  ColumnSpec column;
  SKEWLESS_ASSIGN_OR_RETURN(column.name, ReadName(name, what));
  if (type.is_scalar() && ParseColumnType(type.text, &column)) return column;
  const std::string remedy = "The types are " + ListOfWords(TypeWords(), "and") +
                             "; a list of them ends in [], as int64[].";
  if (!type.is_scalar()) {
    return FailAt(
        type, "the type of " + Quote(column.name) + ": expected a type, found " + KindName(type),
        remedy);
  }
  return FailAt(type,
                "the type of " + Quote(column.name) + ": there is no type " + Quote(type.text),
                SuggestName(type.text, TypeWords(), remedy));
}

Result<size_t> ReadReference(const YamlNode& node, std::string_view what,
                             const std::vector<std::string>& names) {
  if (!node.is_scalar()) {
    return FailAt(node,
                  "expected the name of a " + std::string(what) + ", found " + KindName(node));
  }
  const auto found = std::find(names.begin(), names.end(), node.text);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  std::string otherwise =
      names.empty() ? "None is defined: add one." : "There are " + ListOfWords(names, "and") + ".";
  if (names.size() == 1) otherwise = "The only one is " + Quote(names[0]) + ".";
  return FailAt(node, "there is no " + std::string(what) + " " + Quote(node.text),
                SuggestName(node.text, names, std::move(otherwise)));
}

tl::unexpected<Error> FailExpression(const YamlNode& scalar, size_t offset,
                                     const ExpressionError& error) {
  return FailInside(scalar, offset + error.offset, error.length, error.message,
                    Sentence(error.remedy));
}

}  // namespace skewless
