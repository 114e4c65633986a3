#include "offline/manifest.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/bytes.h"

namespace skewless {
namespace {

constexpr std::string_view kMagic = "SKEWLESS-OFFLINE";
// The second has `replaced`; without it a manifest is as the first, for whoever knows only that.
constexpr int kVersion = 2, kVersionWithoutReplaced = 1;
constexpr std::string_view kUnfinished = ".tmp";

tl::unexpected<Error> Corrupt(const std::string& path, const std::string& what) {
  return Fail(ErrorCode::kCorrupt, path + ": " + what,
              "Restore the file from a copy, or " + MoveAway(std::string(ParentPath(path))));
}

Result<std::string> CheckedBody(const std::string& path, const std::string& text) {
  const size_t line_end = text.find('\n');
  int version = 0;
  unsigned long long checksum = 0;
  char magic[32] = {};
  if (line_end == std::string::npos ||
      std::sscanf(text.substr(0, line_end).c_str(), "%31s %d %llx", magic, &version, &checksum) !=
          3 ||
      magic != kMagic) {
    return Corrupt(path, "is not a manifest of offline tables");
  }
  if (version > kVersion) {
    return Fail(
        ErrorCode::kVersion,
        fmt::format("{}: format version {}, this program knows {}", path, version, kVersion),
        "Use a newer skewless.");
  }
  std::string body = text.substr(line_end + 1);
  if (Hash64(AsBytes(body)) != checksum) return Corrupt(path, "the checksum does not fit");
  return body;
}

}  // namespace

std::string ManifestPath(const std::string& directory) { return JoinPath(directory, "_manifest"); }

Result<OfflineManifest> ReadManifest(FileSystem& files, const std::string& directory) {
  const std::string path = ManifestPath(directory);
  OfflineManifest manifest;
  if (!files.Exists(path)) return manifest;
  SKEWLESS_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(files, path));
  SKEWLESS_ASSIGN_OR_RETURN(const std::string body, CheckedBody(path, text));
  const nlohmann::json json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  try {
    manifest.log = std::stoull(json.value("log", "0"), nullptr, 16);
    manifest.layout = std::stoull(json.at("layout").get<std::string>(), nullptr, 16);
    manifest.through_sequence = json.at("through_sequence");
    for (const auto& one : json.at("files")) {
      OfflineFileInfo file;
      one.at("view").get_to(file.view);
      one.at("path").get_to(file.path);
      one.at("event_date").get_to(file.event_date);
      one.at("rows").get_to(file.rows);
      one.at("bytes").get_to(file.bytes);
      one.at("first_sequence").get_to(file.first_sequence);
      one.at("last_sequence").get_to(file.last_sequence);
      manifest.Add(std::move(file), std::stoull(one.at("checksum").get<std::string>(), nullptr, 16),
                   one.value("writer", uint64_t{0}));
    }
    manifest.replaced = json.value("replaced", std::vector<std::string>());
  } catch (const std::exception& error) {
    return Corrupt(path, error.what());
  }
  return manifest;
}

std::string MoveAway(const std::string& directory) {
  return "move " + directory + " away: the tables are made anew from the log.";
}

Error MissingTableFile(const std::string& directory, const std::string& path) {
  return {ErrorCode::kCorrupt,
          JoinPath(directory, path) + ": the manifest lists it and it is not there",
          "Restore it from a copy, or " + MoveAway(directory)};
}

Status RemoveUnfinishedManifests(FileSystem& files, const std::string& directory) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  for (const DirectoryEntry& entry : entries) {
    const bool ours = entry.name.starts_with("_manifest.") && entry.name.ends_with(kUnfinished);
    if (!ours) continue;
    const std::string path = JoinPath(directory, entry.name);
    const Status removed = files.Remove(path);
    if (!removed && removed.error().code != ErrorCode::kNotFound) return removed;
  }
  return {};
}

Status WriteManifest(FileSystem& files, const FileLock& lock, const std::string& directory,
                     const OfflineManifest& manifest) {
  nlohmann::json list = nlohmann::json::array();
  for (size_t i = 0; i < manifest.files.size(); ++i) {
    const OfflineFileInfo& file = manifest.files[i];
    list.push_back({{"view", file.view},
                    {"path", file.path},
                    {"event_date", file.event_date},
                    {"rows", file.rows},
                    {"bytes", file.bytes},
                    {"first_sequence", file.first_sequence},
                    {"last_sequence", file.last_sequence},
                    {"checksum", fmt::format("{:016x}", manifest.checksums[i])},
                    {"writer", manifest.writers[i]}});
  }
  nlohmann::json json = {{"log", fmt::format("{:016x}", manifest.log)},
                         {"layout", fmt::format("{:016x}", manifest.layout)},
                         {"through_sequence", manifest.through_sequence},
                         {"files", list}};
  if (!manifest.replaced.empty()) json["replaced"] = manifest.replaced;
  const int version = manifest.replaced.empty() ? kVersionWithoutReplaced : kVersion;
  const std::string body = json.dump(1) + "\n";
  const std::string text =
      fmt::format("{} {} {:016x}\n{}", kMagic, version, Hash64(AsBytes(body)), body);
  const std::string path = ManifestPath(directory);
  const std::string unfinished = UnfinishedPath(path, lock, kUnfinished);
  SKEWLESS_ASSIGN_OR_RETURN(const auto file, files.Create(unfinished));
  SKEWLESS_RETURN_IF_ERROR(file->Append(AsBytes(text)));
  SKEWLESS_RETURN_IF_ERROR(file->Sync());
  return Publish(files, lock, unfinished, path);
}

}  // namespace skewless
