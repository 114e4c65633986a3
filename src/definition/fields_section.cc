#include "definition/fields_section.h"

#include <algorithm>

#include "definition/sections.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

using Field = std::vector<std::string>;

constexpr char kExample[] = "country: user.geo.country";
constexpr size_t kMaxDepth = 16;

// "user.geo.country" by its names.
Result<Field> CutAtDots(const YamlNode& node, const std::string& what) {
  Field field;
  for (size_t begin = 0; begin <= node.text.size();) {
    const size_t dot = std::min(node.text.find('.', begin), node.text.size());
    if (dot == begin) {
      return FailInside(node, std::min(begin, node.text.size() - 1), 1,
                        what + ": a name is missing beside the '.'",
                        "Write the names that lead to it, as '" + std::string(kExample) +
                            "', or as a list where a dot is part of a name.");
    }
    field.push_back(node.text.substr(begin, dot - begin));
    begin = dot + 1;
  }
  return field;
}

Result<Field> ReadList(const YamlNode& node, const std::string& what) {
  Field field;
  for (const auto& item : node.items) {
    SKEWLESS_ASSIGN_OR_RETURN(std::string name, ReadText(*item, what, "[user, geo, country]"));
    field.push_back(std::move(name));
  }
  if (field.empty()) return FailAt(node, what + ": an empty list", "Name at least one field.");
  return field;
}

// A CSV header's names are whole, whatever they hold.
Result<Field> ReadField(const YamlNode& node, const std::string& what, SourceFormat format) {
  if (node.kind == YamlNode::Kind::kSequence && format != SourceFormat::kCsv) {
    return ReadList(node, what);
  }
  SKEWLESS_ASSIGN_OR_RETURN(std::string text, ReadText(node, what, kExample));
  if (format == SourceFormat::kCsv) return Field{std::move(text)};
  return CutAtDots(node, what);
}

bool LiesWithin(const Field& inner, const Field& outer) {
  return inner.size() >= outer.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

bool IsOfRecord(const YamlNode& body, const std::string& column) {
  const YamlNode* const metadata = body.Find("metadata");
  return metadata == nullptr || !metadata->is_map() || metadata->Find(column) == nullptr;
}

// A field is one column, or holds some.
Status CheckApart(const YamlNode& fields, const YamlNode& body, const std::string& what,
                  const std::vector<ColumnSpec>& columns) {
  for (const ColumnSpec& inner : columns) {
    if (!IsOfRecord(body, inner.name)) continue;
    for (const ColumnSpec& outer : columns) {
      if (&inner == &outer || !IsOfRecord(body, outer.name) ||
          !LiesWithin(FieldPath(inner), FieldPath(outer)))
        continue;
      const YamlNode* const at =
          fields.Find(inner.name) != nullptr ? fields.Find(inner.name) : fields.Find(outer.name);
      const bool is_same = FieldPath(inner).size() == FieldPath(outer).size();
      return FailAt(*at,
                    what + ": column '" + inner.name + "' is field '" + FieldText(inner) + "', " +
                        (is_same ? "which is column '" + outer.name + "', too"
                                 : "and what it lies in is column '" + outer.name + "'"),
                    is_same ? "Declare it once." : "Leave one of the two out.");
    }
  }
  return {};
}

// Where fields come without names, they are told apart by their order.
Status CheckNames(const YamlNode& fields, const std::string& what, const SourceDefinition& source) {
  const auto header = source.options.find("header");
  const bool has_names = source.format != SourceFormat::kCsv ||
                         (source.type == SourceType::kFile &&
                          (header == source.options.end() || header->second == "true"));
  if (has_names) return {};
  return FailAt(fields, what + ": there is no header that names them",
                "Remove 'fields': the fields are the declared columns in their order.");
}

}  // namespace

Status ReadFields(const YamlNode& body, const std::string& what, SourceDefinition* source) {
  const YamlNode* const fields = body.Find("fields");
  if (fields == nullptr) return {};
  const std::string key = what + ", fields";
  SKEWLESS_RETURN_IF_ERROR(CheckNamedMap(*fields, key, kExample));
  SKEWLESS_RETURN_IF_ERROR(CheckNames(*fields, key, *source));
  std::vector<ColumnSpec>& columns = source->schema.columns;
  for (const YamlNode::Entry& entry : fields->entries) {
    SKEWLESS_ASSIGN_OR_RETURN(const size_t column,
                              ReadReference(*entry.key, "column", NamesOf(columns)));
    const std::string& name = columns[column].name;
    if (!IsOfRecord(body, name)) {
      return FailAt(*entry.key, key + ": column '" + name + "' is named in 'metadata', too",
                    "Remove it here, or there.");
    }
    SKEWLESS_ASSIGN_OR_RETURN(columns[column].field,
                              ReadField(*entry.value, key + ", " + name, source->format));
    if (columns[column].field.size() > kMaxDepth) {
      return FailAt(*entry.value,
                    key + ", " + name + ": deeper than " + std::to_string(kMaxDepth) + " records",
                    "Flatten the records before.");
    }
    source->column_places[column] = PlaceOf(*entry.value);
  }
  return CheckApart(*fields, body, key, columns);
}

}  // namespace skewless
