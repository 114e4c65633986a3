// LoadDefinition and ParseDefinition: the files of a repository, section by section.
#include <algorithm>
#include <array>

#include "base/file.h"
#include "definition/sections.h"
#include "definition/yaml_document.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

// Columns of every history table, the partitions' own among them: whoever reads Hive's folders
// takes a column of that name from the path.
constexpr std::array<std::string_view, 6> kReservedNames = {
    "event_timestamp", "processing_timestamp", "available_timestamp", "sequence", "applied",
    "event_date"};

// A section of named things, the same in skewless.yaml and in the files under features/.
struct NamedSection {
  std::string key;
  std::string example;
  Status (*read)(const YamlNode& name, const YamlNode& body, Definition* definition);
  // The place of the thing called so, where there is one; views and services share their names.
  const Place* (*find)(const Definition& definition, const std::string& name);
};

template <typename T>
const Place* PlaceIn(const std::vector<T>& all, int index) {
  return index < 0 ? nullptr : &all[static_cast<size_t>(index)].place;
}

const Place* FindSourcePlace(const Definition& definition, const std::string& name) {
  return PlaceIn(definition.sources, definition.FindSource(name));
}
const Place* FindEntityPlace(const Definition& definition, const std::string& name) {
  return PlaceIn(definition.entities, definition.FindEntity(name));
}
const Place* FindReadablePlace(const Definition& definition, const std::string& name) {
  const Place* view = PlaceIn(definition.views, definition.FindView(name));
  return view != nullptr ? view : PlaceIn(definition.services, definition.FindService(name));
}

// In the order in which they refer to each other.
const std::vector<NamedSection>& Sections() {
  static const std::vector<NamedSection> sections = {
      {"sources", "clicks: {type: file, ...}", ReadSource, FindSourcePlace},
      {"entities", "user: {keys: {user_id: int64}}", ReadEntity, FindEntityPlace},
      {"feature_views", "user_activity: {source: clicks, ...}", ReadView, FindReadablePlace},
      {"feature_services", "ranking: {features: [user_activity]}", ReadService, FindReadablePlace},
  };
  return sections;
}

const std::vector<std::string>& SettingKeys() {
  static const std::vector<std::string> keys = {"project", "log", "offline", "online", "serving"};
  return keys;
}

bool IsSettingKey(const std::string& key) {
  return std::find(SettingKeys().begin(), SettingKeys().end(), key) != SettingKeys().end();
}

Status CheckTopLevel(const YamlDocument& document, bool is_main) {
  std::vector<std::string> known;
  if (is_main) known = SettingKeys();
  for (const NamedSection& section : Sections()) known.push_back(section.key);
  const YamlNode& root = document.root();
  for (const YamlNode::Entry& entry : root.entries) {
    if (is_main || !IsSettingKey(entry.key->text)) continue;
    return FailAt(*entry.key, "'" + entry.key->text + "' belongs into skewless.yaml",
                  "Move it there: files under features/ hold " + ListOfWords(known, "and") + ".");
  }
  return CheckMap(root, is_main ? "the repository" : "this file", known);
}

Status ReadSection(const NamedSection& section, const YamlDocument& document,
                   Definition* definition) {
  const YamlNode* node = document.root().Find(section.key);
  if (node == nullptr) return {};
  SKEWLESS_RETURN_IF_ERROR(CheckNamedMap(*node, section.key, section.example));
  for (const YamlNode::Entry& entry : node->entries) {
    if (const Place* first = section.find(*definition, entry.key->text)) {
      return FailAt(*entry.key, "the name '" + entry.key->text + "' is taken: " + PlaceText(*first),
                    "Rename one of the two.");
    }
    SKEWLESS_RETURN_IF_ERROR(section.read(*entry.key, *entry.value, definition));
  }
  return {};
}

// `documents[0]` is skewless.yaml.
Result<std::unique_ptr<Definition>> BuildDefinition(
    const std::vector<std::unique_ptr<YamlDocument>>& documents, const std::string& root) {
  for (size_t i = 0; i < documents.size(); ++i) {
    SKEWLESS_RETURN_IF_ERROR(CheckTopLevel(*documents[i], i == 0));
  }
  auto definition = std::make_unique<Definition>();
  definition->root = root;
  SKEWLESS_RETURN_IF_ERROR(ReadSettings(documents[0]->root(), definition.get()));
  for (const NamedSection& section : Sections()) {
    for (const auto& document : documents) {
      SKEWLESS_RETURN_IF_ERROR(ReadSection(section, *document, definition.get()));
    }
  }
  return definition;
}

bool IsYamlFile(std::string_view name) {
  return !name.starts_with(".") && (name.ends_with(".yaml") || name.ends_with(".yml"));
}

// The YAML files of a folder and of those in it, in the order of their names.
Status FindYamlFiles(FileSystem& files, const std::string& directory,
                     std::vector<std::string>* paths) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  for (const DirectoryEntry& entry : entries) {
    const std::string path = JoinPath(directory, entry.name);
    if (entry.is_directory) {
      if (!entry.name.starts_with(".")) SKEWLESS_RETURN_IF_ERROR(FindYamlFiles(files, path, paths));
    } else if (IsYamlFile(entry.name)) {
      paths->push_back(path);
    }
  }
  return {};
}

}  // namespace

bool IsReservedName(std::string_view name) {
  return std::find(kReservedNames.begin(), kReservedNames.end(), name) != kReservedNames.end();
}

Result<std::string> ReadOutputName(const YamlNode& node, std::string_view what) {
  SKEWLESS_ASSIGN_OR_RETURN(std::string name, ReadName(node, what));
  if (!IsReservedName(name)) return name;
  return FailAt(node,
                "'" + name + "' can't be the name of a " + std::string(what) +
                    ": history tables have a column of that name",
                "Use another name.");
}

Result<std::unique_ptr<Definition>> LoadDefinition(const std::string& directory) {
  FileSystem& files = SystemFiles();
  const bool here = directory.empty() || directory == ".";
  const std::string main = here ? "skewless.yaml" : JoinPath(directory, "skewless.yaml");
  if (!files.Exists(main)) {
    return Fail(ErrorCode::kNotFound, "there is no " + main,
                "Run `skewless init DIR` for a new repository, or name the folder of one.");
  }
  std::vector<std::string> paths = {main};
  const std::string features = here ? "features" : JoinPath(directory, "features");
  if (files.Exists(features)) SKEWLESS_RETURN_IF_ERROR(FindYamlFiles(files, features, &paths));
  std::vector<std::unique_ptr<YamlDocument>> documents;
  for (const std::string& path : paths) {
    SKEWLESS_ASSIGN_OR_RETURN(std::string text, ReadWholeFile(files, path));
    SKEWLESS_ASSIGN_OR_RETURN(auto document, YamlDocument::Parse(std::move(text), path));
    documents.push_back(std::move(document));
  }
  return BuildDefinition(documents, here ? "." : directory);
}

Result<std::unique_ptr<Definition>> ParseDefinition(const std::string& text,
                                                    const std::string& file,
                                                    const std::string& root) {
  SKEWLESS_ASSIGN_OR_RETURN(auto document, YamlDocument::Parse(text, file));
  std::vector<std::unique_ptr<YamlDocument>> documents;
  documents.push_back(std::move(document));
  return BuildDefinition(documents, root);
}

}  // namespace skewless
