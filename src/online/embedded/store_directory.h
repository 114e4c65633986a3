// The files of an embedded store: LOCK, `current` and one arena a generation.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "online/embedded/arena_format.h"
#include "online/embedded/mapped_file.h"

namespace skewless::embedded {

std::string LockPath(const std::string& directory);
std::string CurrentPath(const std::string& directory);
std::string ArenaPath(const std::string& directory, uint64_t generation);

// Makes it where there is none, or only a damaged one. kVersion where it is newer.
Result<std::unique_ptr<MappedFile>> OpenCurrentToWrite(const std::string& directory);
// kUnavailable where there is none.
Result<std::shared_ptr<const MappedFile>> OpenCurrentToRead(const std::string& directory);

// The paths of every arena but that of `keep`.
Result<std::vector<std::string>> OtherArenas(const std::string& directory, uint64_t keep);
// Those that somebody else has removed meanwhile are no error.
Status RemoveArenas(const std::vector<std::string>& paths);

inline CurrentFile& CurrentOf(MappedFile& file) {
  return *reinterpret_cast<CurrentFile*>(file.data());
}
inline const CurrentFile& CurrentOf(const MappedFile& file) {
  return *reinterpret_cast<const CurrentFile*>(file.data());
}

}  // namespace skewless::embedded
