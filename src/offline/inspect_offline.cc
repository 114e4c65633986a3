// What the offline tables consist of, and whether the disk still holds it.
#include "base/bytes.h"
#include "offline/manifest.h"
#include "offline/view_table.h"

namespace skewless {
namespace {

// Of a commit under way it may not have its name yet, and get it between two looks.
Result<std::string> ReadTableFile(FileSystem& files, const std::string& directory,
                                  const std::string& path, uint64_t writer) {
  const std::string temporary = TemporaryName(path, writer);
  for (const std::string& name : {path, temporary, path}) {
    auto bytes = ReadWholeFile(files, JoinPath(directory, name));
    if (bytes.has_value() || bytes.error().code != ErrorCode::kNotFound) return bytes;
  }
  return tl::unexpected(MissingTableFile(directory, path));
}

}  // namespace

Result<std::vector<OfflineFileInfo>> InspectOffline(FileSystem& files, const std::string& directory,
                                                    bool verify) {
  SKEWLESS_ASSIGN_OR_RETURN(OfflineManifest manifest, ReadManifest(files, directory));
  for (size_t i = 0; verify && i < manifest.files.size(); ++i) {
    const std::string path = JoinPath(directory, manifest.files[i].path);
    SKEWLESS_ASSIGN_OR_RETURN(
        const std::string bytes,
        ReadTableFile(files, directory, manifest.files[i].path, manifest.writers[i]));
    if (Hash64(AsBytes(bytes)) != manifest.checksums[i]) {
      return Fail(ErrorCode::kCorrupt, path + ": the checksum does not fit the manifest's",
                  "Restore it from a copy, or move the folder away: the tables are made anew from "
                  "the log.");
    }
  }
  return std::move(manifest.files);
}

}  // namespace skewless
