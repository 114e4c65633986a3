// What the offline tables consist of: written anew, atomically, with each commit and each merge.
//   line 1: "SKEWLESS-OFFLINE <version> <XXH3-64 of the rest, 16 hex digits>"; then JSON.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "offline/offline_file.h"

namespace skewless {

struct OfflineManifest {
  uint64_t log = 0;               // the identity of the log that they are made from; 0: unknown
  uint64_t layout = 0;            // of the views that the tables were made for
  Sequence through_sequence = 0;  // all records up to it are in `files`
  std::vector<OfflineFileInfo> files;  // paths relative to the tables' folder
  std::vector<uint64_t> checksums;     // XXH3-64 of each file's bytes
  std::vector<uint64_t> writers;       // of each file: in its temporary name
  // Files whose rows are in others, and that may still be there: they go.
  std::vector<std::string> replaced;

  void Add(OfflineFileInfo file, uint64_t checksum, uint64_t writer) {
    files.push_back(std::move(file));
    checksums.push_back(checksum);
    writers.push_back(writer);
  }
};

std::string ManifestPath(const std::string& directory);
// An empty manifest where there is none yet.
Result<OfflineManifest> ReadManifest(FileSystem& files, const std::string& directory);
// By who holds `lock`: kLocked where it was taken over.
Status WriteManifest(FileSystem& files, const FileLock& lock, const std::string& directory,
                     const OfflineManifest& manifest);
// What writers left that did not come to the end. From here on none that lost the lock replaces the
// manifest.
Status RemoveUnfinishedManifests(FileSystem& files, const std::string& directory);
// The remedy that is always left: "move <directory> away: the tables are made anew from the log."
std::string MoveAway(const std::string& directory);
// What is wrong where a file that the manifest lists is gone.
Error MissingTableFile(const std::string& directory, const std::string& path);

}  // namespace skewless
