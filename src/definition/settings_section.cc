#include <algorithm>
#include <charconv>
#include <filesystem>

#include "definition/sections.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

constexpr int64_t kLeastSegmentBytes = 4096;
constexpr int64_t kMostSegmentBytes = int64_t{1} << 40;

Status ReadLog(const YamlNode& root, Definition* definition) {
  SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* log,
                            RequireKey(root, "the repository", "log", "log: {path: var/log}"));
  SKEWLESS_RETURN_IF_ERROR(CheckMap(*log, "log", {"path", "segment_bytes"}));
  SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* path, RequireKey(*log, "log", "path", "path: var/log"));
  SKEWLESS_ASSIGN_OR_RETURN(definition->log_path, ReadText(*path, "log.path", "path: var/log"));
  if (const YamlNode* bytes = log->Find("segment_bytes")) {
    SKEWLESS_ASSIGN_OR_RETURN(
        definition->log_segment_bytes,
        ReadInteger(*bytes, "log.segment_bytes", kLeastSegmentBytes, kMostSegmentBytes));
  }
  return {};
}

// A kind of store and the keys that it takes beside `type`.
struct StorageKind {
  std::string type;
  std::vector<std::string> required;
  std::vector<std::string> optional;
};

const std::vector<StorageKind>& OnlineKinds() {
  static const std::vector<StorageKind> kinds = {
      {"embedded", {"path"}, {}},
      {"redis",
       {"address"},
       {"cluster", "username", "password", "password_env", "database", "tls", "tls_ca", "tls_cert",
        "tls_key", "key_prefix", "expire", "form", "write"}},
      {"cassandra", {"contact_points", "keyspace"}, {"form"}},
      {"dynamodb", {"table_prefix"}, {"region", "endpoint", "form"}},
  };
  return kinds;
}

const std::vector<StorageKind>& OfflineKinds() {
  static const std::vector<StorageKind> kinds = {
      {"parquet", {"path"}, {}},
      {"iceberg", {"path"}, {"catalog", "namespace"}},
  };
  return kinds;
}

std::string ExampleOf(const std::string& key) {
  if (key == "path") return "path: var/data";
  if (key == "address") return "address: localhost:6379";
  if (key == "contact_points") return "contact_points: 127.0.0.1";
  return key + ": features";
}

// The keys of another kind deserve a better answer than "unknown".
Status CheckStorageKeys(const YamlNode& node, const std::string& section, const StorageKind& kind,
                        const std::vector<StorageKind>& kinds) {
  std::vector<std::string> known = {"type"};
  known.insert(known.end(), kind.required.begin(), kind.required.end());
  known.insert(known.end(), kind.optional.begin(), kind.optional.end());
  for (const YamlNode::Entry& entry : node.entries) {
    if (std::find(known.begin(), known.end(), entry.key->text) != known.end()) continue;
    for (const StorageKind& other : kinds) {
      for (const auto* keys : {&other.required, &other.optional}) {
        if (std::find(keys->begin(), keys->end(), entry.key->text) == keys->end()) continue;
        return FailAt(*entry.key,
                      section + ": key '" + entry.key->text + "' belongs to type '" + other.type +
                          "', and this is '" + kind.type + "'",
                      "Remove it, or change the type.");
      }
    }
  }
  return CheckMap(node, section, known);
}

Status ReadStorage(const YamlNode& node, const std::string& section,
                   const std::vector<StorageKind>& kinds, StorageDefinition* storage) {
  std::vector<std::string> types;
  for (const StorageKind& kind : kinds) types.push_back(kind.type);
  if (!node.is_map()) return CheckMap(node, section, {"type", "path"});
  const std::string example = "type: " + types[0];
  SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* type, RequireKey(node, section, "type", example));
  SKEWLESS_ASSIGN_OR_RETURN(const size_t index, ReadWord(*type, section + ".type", types));
  const StorageKind& kind = kinds[index];
  storage->type = kind.type;
  SKEWLESS_RETURN_IF_ERROR(CheckStorageKeys(node, section, kind, kinds));
  for (const std::string& key : kind.required) {
    SKEWLESS_RETURN_IF_ERROR(RequireKey(node, section, key, ExampleOf(key)));
  }
  for (const YamlNode::Entry& entry : node.entries) {
    const std::string& key = entry.key->text;
    if (key == "type") continue;
    SKEWLESS_ASSIGN_OR_RETURN(const std::string value,
                              ReadText(*entry.value, section + "." + key, ExampleOf(key)));
    if (key == "form") {
      SKEWLESS_RETURN_IF_ERROR(ReadWord(*entry.value, section + ".form", {"state", "values"}));
    }
    if (key == "path") {
      storage->path = value;
    } else {
      storage->options[key] = value;
    }
  }
  return {};
}

Status CheckListen(const YamlNode& node, const std::string& listen) {
  const size_t colon = listen.rfind(':');
  if (colon != std::string::npos && colon > 0) {
    int port = -1;
    const char* end = listen.data() + listen.size();
    const auto [stop, error] = std::from_chars(listen.data() + colon + 1, end, port);
    if (error == std::errc() && stop == end && port >= 0 && port <= 65535) return {};
  }
  return FailAt(node, "serving.listen: expected address:port, found '" + listen + "'",
                "Write, as an example, '127.0.0.1:6566'.");
}

Status ReadServing(const YamlNode& node, Definition* definition) {
  ServingDefinition serving;
  SKEWLESS_RETURN_IF_ERROR(CheckMap(node, "serving", {"listen", "threads", "served_log"}));
  if (const YamlNode* listen = node.Find("listen")) {
    SKEWLESS_ASSIGN_OR_RETURN(serving.listen,
                              ReadText(*listen, "serving.listen", "listen: 127.0.0.1:6566"));
    SKEWLESS_RETURN_IF_ERROR(CheckListen(*listen, serving.listen));
  }
  if (const YamlNode* threads = node.Find("threads")) {
    SKEWLESS_ASSIGN_OR_RETURN(const int64_t count,
                              ReadInteger(*threads, "serving.threads", 1, 1024));
    serving.threads = static_cast<int>(count);
  }
  if (const YamlNode* served = node.Find("served_log")) {
    SKEWLESS_ASSIGN_OR_RETURN(serving.served_log,
                              ReadText(*served, "serving.served_log", "served_log: var/served"));
  }
  definition->serving = std::move(serving);
  return {};
}

// A folder that the program writes, and where the definition names it.
struct WrittenFolder {
  std::string key;
  const YamlNode* node;
  std::string path;  // absolute, without . and ..
};

Status AddFolder(const YamlNode& root, const std::string& section, const std::string& key,
                 const Definition& definition, std::vector<WrittenFolder>* folders) {
  const YamlNode* const body = root.Find(section);
  const YamlNode* const node = body == nullptr ? nullptr : body->Find(key);
  if (node == nullptr) return {};
  if (node->text.find("://") != std::string::npos) {
    // Those of a store that this version has not may be anywhere.
    if (section == "offline" && definition.offline->type != "parquet") return {};
    return FailAt(*node, section + "." + key + ": expected a folder, found '" + node->text + "'",
                  "This version writes to local folders only: give one, as in var/data.");
  }
  std::string path =
      std::filesystem::absolute(definition.ResolvePath(node->text)).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  folders->push_back({section + "." + key, node, std::move(path)});
  return {};
}

bool IsIn(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) && (folder == "/" || path[folder.size()] == '/');
}

// What is written in one and removed from the other would be the same files.
Status CheckFolders(const YamlNode& root, const Definition& definition) {
  std::vector<WrittenFolder> folders;
  SKEWLESS_RETURN_IF_ERROR(AddFolder(root, "log", "path", definition, &folders));
  SKEWLESS_RETURN_IF_ERROR(AddFolder(root, "online", "path", definition, &folders));
  SKEWLESS_RETURN_IF_ERROR(AddFolder(root, "offline", "path", definition, &folders));
  SKEWLESS_RETURN_IF_ERROR(AddFolder(root, "serving", "served_log", definition, &folders));
  for (size_t i = 0; i < folders.size(); ++i) {
    const WrittenFolder& folder = folders[i];
    for (size_t other = 0; other < i; ++other) {
      const bool is_same = folder.path == folders[other].path;
      const bool is_inside = IsIn(folder.path, folders[other].path);
      if (!is_same && !is_inside && !IsIn(folders[other].path, folder.path)) continue;
      return FailAt(
          *folder.node,
          folder.key + ": '" + folder.node->text + "' " +
              (is_same     ? "is "
               : is_inside ? "lies in "
                           : "holds ") +
              folders[other].key + (is_same ? ", too" : " ('" + folders[other].node->text + "')"),
          "Give each a folder of its own, beside the other, as in var/log and var/online.");
    }
  }
  return {};
}

}  // namespace

Status ReadSettings(const YamlNode& root, Definition* definition) {
  SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* project,
                            RequireKey(root, "the repository", "project", "project: shop"));
  SKEWLESS_ASSIGN_OR_RETURN(definition->project, ReadName(*project, "project"));
  SKEWLESS_RETURN_IF_ERROR(ReadLog(root, definition));
  SKEWLESS_ASSIGN_OR_RETURN(
      const YamlNode* online,
      RequireKey(root, "the repository", "online", "online: {type: embedded, path: var/online}"));
  SKEWLESS_RETURN_IF_ERROR(ReadStorage(*online, "online", OnlineKinds(), &definition->online));
  if (definition->online.type == "redis") SKEWLESS_RETURN_IF_ERROR(CheckRedisSettings(*online));
  if (const YamlNode* offline = root.Find("offline")) {
    definition->offline.emplace();
    SKEWLESS_RETURN_IF_ERROR(
        ReadStorage(*offline, "offline", OfflineKinds(), &*definition->offline));
  }
  if (const YamlNode* serving = root.Find("serving")) {
    SKEWLESS_RETURN_IF_ERROR(ReadServing(*serving, definition));
  }
  return CheckFolders(root, *definition);
}

}  // namespace skewless
