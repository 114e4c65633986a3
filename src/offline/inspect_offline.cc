// What the offline tables consist of, and whether the disk still holds it.
#include "base/bytes.h"
#include "offline/manifest.h"

namespace skewless {

Result<std::vector<OfflineFileInfo>> InspectOffline(FileSystem& files, const std::string& directory,
                                                    bool verify) {
  SKEWLESS_ASSIGN_OR_RETURN(OfflineManifest manifest, ReadManifest(files, directory));
  for (size_t i = 0; verify && i < manifest.files.size(); ++i) {
    const std::string path = JoinPath(directory, manifest.files[i].path);
    SKEWLESS_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(files, path));
    if (Hash64(AsBytes(bytes)) != manifest.checksums[i]) {
      return Fail(ErrorCode::kCorrupt, path + ": the checksum does not fit the manifest's",
                  "Restore it from a copy, or move the folder away: the tables are made anew from "
                  "the log.");
    }
  }
  return std::move(manifest.files);
}

}  // namespace skewless
