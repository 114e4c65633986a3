#include "decode/avro_schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include "base/source_text.h"
#include "decode/decimal_text.h"

namespace skewless {
namespace {

using Json = nlohmann::json;
using Kind = AvroType::Kind;

constexpr int kMaxDepth = 64;
constexpr std::string_view kKindWords[] = {"null",   "boolean", "int",    "long",   "float",
                                           "double", "bytes",   "string", "record", "enum",
                                           "array",  "map",     "union",  "fixed"};
constexpr size_t kPrimitives = 8;  // the first of them

Place PlaceAt(const SchemaText& text, size_t offset) {
  const std::string_view before = std::string_view(text.text).substr(0, offset);
  const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {text.name, static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          static_cast<int>(before.size() - line_begin) + 1};
}

bool IsName(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
  });
}

std::string Namespace(std::string_view full_name) {
  const size_t dot = full_name.rfind('.');
  return dot == std::string_view::npos ? "" : std::string(full_name.substr(0, dot));
}

}  // namespace

std::string AvroTypeText(const AvroType& type) {
  const std::string word(kKindWords[static_cast<size_t>(type.kind)]);
  std::string text = (word[0] == 'i' || word[0] == 'a' || word[0] == 'e' ? "an " : "a ") + word;
  const std::string& more = type.logical.empty() ? type.name : type.logical;
  if (!more.empty()) text.append(" (").append(more).append(")");
  return text;
}

class AvroSchemaParser {
 public:
  explicit AvroSchemaParser(AvroSchema* schema) : schema_(*schema) {}

  Result<const AvroType*> Read(const SchemaText& text) {
    text_ = &text;
    Json json;
    try {
      json = Json::parse(text.text);
    } catch (const Json::parse_error& error) {
      const size_t at = error.byte > 0 ? error.byte - 1 : 0;
      return tl::unexpected<Error>(ErrorAt(PlaceAt(text, std::min(at, text.text.size())), text.text,
                                           1, "the schema is not valid JSON",
                                           "An Avro schema is a JSON document."));
    } catch (const Json::out_of_range&) {  // which doesn't say where
      return tl::unexpected<Error>(ErrorAt(PlaceAt(text, 0), text.text, 1,
                                           "the schema has a number that is beyond all doubles",
                                           "Mend the number, as of a field's default."));
    }
    return ReadType(json, "", 0);
  }

  // Whether values of each type take bytes; to be asked once all are read.
  void FindEmptyTypes() {
    for (bool changed = true; changed;) {
      changed = false;
      for (AvroType& type : schema_.types_) {
        if (type.is_empty || !IsEmpty(type)) continue;
        type.is_empty = true;
        changed = true;
      }
    }
  }

 private:
  static bool IsEmpty(const AvroType& type) {
    if (type.kind == Kind::kNull) return true;
    if (type.kind == Kind::kFixed) return type.fixed_size == 0;
    return type.kind == Kind::kRecord &&
           std::all_of(type.fields.begin(), type.fields.end(),
                       [](const AvroField& field) { return field.type->is_empty; });
  }

  // `shown`: a piece of the schema, whose first occurrence in the text is pointed at.
  tl::unexpected<Error> Wrong(const std::string& shown, std::string message,
                              std::string remedy = {}) const {
    const std::string quoted = Json(shown).dump();
    const size_t at = shown.empty() ? std::string::npos : text_->text.find(quoted);
    if (at == std::string::npos) {
      return Fail(ErrorCode::kInvalid, text_->name + ": " + message, std::move(remedy));
    }
    return tl::unexpected<Error>(ErrorAt(PlaceAt(*text_, at), text_->text,
                                         static_cast<int>(quoted.size()), std::move(message),
                                         std::move(remedy)));
  }

  AvroType* Add(Kind kind) {
    schema_.types_.emplace_back();
    schema_.types_.back().kind = kind;
    return &schema_.types_.back();
  }

  Result<std::string> Text(const Json& object, const char* key, const std::string& of) const {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string()) {
      return Wrong(of, "the " + of + " has no \"" + key + "\"");
    }
    return found->get<std::string>();
  }

  Result<const AvroType*> ReadType(const Json& json, const std::string& space, int depth) {
    if (depth > kMaxDepth) {
      return Wrong("", "types are nested deeper than " + std::to_string(kMaxDepth));
    }
    if (json.is_string()) return ReadNamed(json.get<std::string>(), space);
    if (json.is_array()) return ReadUnion(json, space, depth);
    if (!json.is_object())
      return Wrong("", std::string("expected a type, found a JSON ") + json.type_name());
    const auto type = json.find("type");
    if (type == json.end()) return Wrong("", "a type has no \"type\"");
    if (!type->is_string()) return ReadType(*type, space, depth + 1);
    const auto word = type->get<std::string>();
    if (word == "record" || word == "error") return ReadRecord(json, space, depth);
    if (word == "enum") return ReadEnum(json, space);
    if (word == "fixed") return ReadFixed(json, space);
    if (word == "array" || word == "map") return ReadCollection(json, word, space, depth);
    SKEWLESS_ASSIGN_OR_RETURN(const AvroType* named, ReadNamed(word, space));
    if (!json.contains("logicalType")) return named;
    AvroType* const annotated = Add(named->kind);
    *annotated = *named;
    Annotate(json, annotated);
    return annotated;
  }

  // What a type stands for. As Avro has it, a logical type that is wrong is none.
  static void Annotate(const Json& json, AvroType* type) {
    const auto logical = json.find("logicalType");
    if (logical == json.end() || !logical->is_string()) return;
    type->logical = logical->get<std::string>();
    if (type->logical != "decimal") return;
    if (type->kind != Kind::kBytes && type->kind != Kind::kFixed) return;
    const auto scale = json.find("scale");
    if (scale == json.end()) {
      type->scale = 0;
    } else if (scale->is_number_unsigned() && scale->get<uint64_t>() <= kMaxDecimalScale) {
      type->scale = scale->get<int>();
    }
  }

  Result<const AvroType*> ReadNamed(const std::string& name, const std::string& space) {
    const auto* const word =
        std::find(std::begin(kKindWords), std::begin(kKindWords) + kPrimitives, name);
    if (word != std::begin(kKindWords) + kPrimitives) {
      return Add(static_cast<Kind>(word - std::begin(kKindWords)));
    }
    const bool has_space = name.find('.') != std::string::npos;
    auto found = named_.find(has_space || space.empty() ? name : space + "." + name);
    if (found == named_.end()) found = named_.find(name);
    if (found != named_.end()) return found->second;
    std::vector<std::string> names(std::begin(kKindWords), std::end(kKindWords));
    for (const auto& [known, type] : named_) names.push_back(known);
    const std::string near = NearestName(name, names);
    return Wrong(name, "there is no type '" + name + "'",
                 near.empty() ? "" : "Did you mean '" + near + "'?");
  }

  Result<const AvroType*> ReadUnion(const Json& json, const std::string& space, int depth) {
    AvroType* const type = Add(Kind::kUnion);
    for (const Json& item : json) {
      SKEWLESS_ASSIGN_OR_RETURN(const AvroType* branch, ReadType(item, space, depth + 1));
      if (branch->kind == Kind::kUnion) return Wrong("", "a union holds a union");
      type->branches.push_back(branch);
    }
    return type;
  }

  // A new named type. It is known from here on, also to its own fields.
  Result<AvroType*> Name(const Json& json, Kind kind, const std::string& space) {
    const std::string word(kKindWords[static_cast<size_t>(kind)]);
    SKEWLESS_ASSIGN_OR_RETURN(std::string name, Text(json, "name", word));
    if (name.find('.') == std::string::npos) {
      std::string own = space;
      const auto given = json.find("namespace");
      if (given != json.end() && given->is_string()) own = given->get<std::string>();
      if (!own.empty()) name.insert(0, own + ".");
    }
    AvroType* const type = Add(kind);
    type->name = name;
    Annotate(json, type);
    if (!named_.emplace(name, type).second) {
      return Wrong(json["name"].get<std::string>(), "the type '" + name + "' is defined twice");
    }
    return type;
  }

  Result<const AvroType*> ReadRecord(const Json& json, const std::string& space, int depth) {
    SKEWLESS_ASSIGN_OR_RETURN(AvroType * type, Name(json, Kind::kRecord, space));
    const auto fields = json.find("fields");
    if (fields == json.end() || !fields->is_array()) {
      return Wrong(json["name"].get<std::string>(),
                   "the record '" + type->name + "' has no \"fields\"");
    }
    std::unordered_set<std::string> names;
    for (const Json& field : *fields) {
      if (!field.is_object())
        return Wrong("", std::string("expected a field, found a JSON ") + field.type_name());
      SKEWLESS_ASSIGN_OR_RETURN(const std::string name, Text(field, "name", "field"));
      if (!IsName(name)) return Wrong(name, "'" + name + "' can't be a field's name");
      if (!names.insert(name).second) {
        return Wrong(name, "the field '" + name + "' is defined twice");
      }
      const auto of = field.find("type");
      if (of == field.end()) return Wrong(name, "the field '" + name + "' has no \"type\"");
      SKEWLESS_ASSIGN_OR_RETURN(const AvroType* field_type,
                                ReadType(*of, Namespace(type->name), depth + 1));
      type->fields.push_back({name, AliasesOf(field), field_type});
    }
    return type;
  }

  static std::vector<std::string> AliasesOf(const Json& field) {
    std::vector<std::string> names;
    const auto aliases = field.find("aliases");
    if (aliases == field.end() || !aliases->is_array()) return names;
    for (const Json& alias : *aliases) {
      if (alias.is_string()) names.push_back(alias.get<std::string>());
    }
    return names;
  }

  Result<const AvroType*> ReadEnum(const Json& json, const std::string& space) {
    SKEWLESS_ASSIGN_OR_RETURN(AvroType * type, Name(json, Kind::kEnum, space));
    const auto symbols = json.find("symbols");
    const bool valid = symbols != json.end() && symbols->is_array() &&
                       std::all_of(symbols->begin(), symbols->end(),
                                   [](const Json& symbol) { return symbol.is_string(); });
    if (!valid) {
      return Wrong(json["name"].get<std::string>(),
                   "the enum '" + type->name + "' has no \"symbols\"");
    }
    for (const Json& symbol : *symbols) type->symbols.push_back(symbol.get<std::string>());
    return type;
  }

  Result<const AvroType*> ReadFixed(const Json& json, const std::string& space) {
    SKEWLESS_ASSIGN_OR_RETURN(AvroType * type, Name(json, Kind::kFixed, space));
    const auto size = json.find("size");
    if (size == json.end() || !size->is_number_unsigned()) {
      return Wrong(json["name"].get<std::string>(),
                   "the fixed '" + type->name + "' has no \"size\"");
    }
    type->fixed_size = size->get<uint64_t>();
    return type;
  }

  Result<const AvroType*> ReadCollection(const Json& json, const std::string& word,
                                         const std::string& space, int depth) {
    const char* const key = word == "array" ? "items" : "values";
    const auto items = json.find(key);
    if (items == json.end()) return Wrong(word, "the " + word + " has no \"" + key + "\"");
    AvroType* const type = Add(word == "array" ? Kind::kArray : Kind::kMap);
    SKEWLESS_ASSIGN_OR_RETURN(type->items, ReadType(*items, space, depth + 1));
    return type;
  }

  AvroSchema& schema_;
  const SchemaText* text_ = nullptr;
  std::unordered_map<std::string, const AvroType*> named_;
};

Result<std::shared_ptr<const AvroSchema>> AvroSchema::Parse(std::span<const SchemaText> texts) {
  auto schema = std::make_shared<AvroSchema>();
  AvroSchemaParser parser(schema.get());
  for (const SchemaText& text : texts) {
    SKEWLESS_ASSIGN_OR_RETURN(schema->root_, parser.Read(text));
  }
  if (schema->root_ == nullptr) return Fail(ErrorCode::kInvalid, "there is no schema");
  parser.FindEmptyTypes();
  return schema;
}

}  // namespace skewless
