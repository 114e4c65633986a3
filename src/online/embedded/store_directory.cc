#include "online/embedded/store_directory.h"

#include <string_view>

#include "base/bytes.h"
#include "base/file.h"

namespace skewless::embedded {
namespace {

constexpr std::string_view kArenaPrefix = "arena-";

uint64_t CurrentChecksum(const CurrentFile& current) {
  return Hash64({reinterpret_cast<const uint8_t*>(&current), offsetof(CurrentFile, checksum)});
}

// kCorrupt where the file is none of ours, kVersion where it is a newer program's.
Status CheckCurrent(const MappedFile& file) {
  const auto damaged = [&] {
    return Fail(ErrorCode::kCorrupt, "'" + file.path() + "' is damaged",
                "Start the engine (skewless run): it makes the file anew.");
  };
  if (file.file_bytes() < kCurrentBytes) return damaged();
  const CurrentFile& current = CurrentOf(file);
  if (current.magic != kCurrentMagic) return damaged();
  if (current.version > kFormatVersion) {
    return Fail(
        ErrorCode::kVersion,
        "'" + file.path() + "' has format version " + std::to_string(current.version) +
            ", this program knows versions up to " + std::to_string(kFormatVersion),
        "Use the newer program, or remove the online store's directory to have it rebuilt.");
  }
  if (current.checksum != CurrentChecksum(current)) return damaged();
  return {};
}

Status WriteNewCurrent(const std::string& path) {
  alignas(CurrentFile) uint8_t bytes[kCurrentBytes] = {};
  auto& current = *reinterpret_cast<CurrentFile*>(bytes);
  current.magic = kCurrentMagic;
  current.version = kFormatVersion;
  current.checksum = CurrentChecksum(current);
  return WriteFileAtomically(SystemFiles(), path, AsText({bytes, sizeof bytes}));
}

}  // namespace

std::string LockPath(const std::string& directory) { return JoinPath(directory, "LOCK"); }
std::string CurrentPath(const std::string& directory) { return JoinPath(directory, "current"); }
std::string ArenaPath(const std::string& directory, uint64_t generation) {
  return JoinPath(directory, std::string(kArenaPrefix) + std::to_string(generation));
}

Result<std::unique_ptr<MappedFile>> OpenCurrentToWrite(const std::string& directory) {
  const std::string path = CurrentPath(directory);
  if (SystemFiles().Exists(path)) {
    SKEWLESS_ASSIGN_OR_RETURN(auto file, MappedFile::OpenToWrite(path, kCurrentBytes));
    const Status checked = CheckCurrent(*file);
    if (checked.has_value()) return file;
    if (checked.error().code == ErrorCode::kVersion) return tl::unexpected<Error>(checked.error());
  }
  // Nothing in it that the log could not give again.
  SKEWLESS_RETURN_IF_ERROR(WriteNewCurrent(path));
  return MappedFile::OpenToWrite(path, kCurrentBytes);
}

Result<std::shared_ptr<const MappedFile>> OpenCurrentToRead(const std::string& directory) {
  auto file = MappedFile::OpenToRead(CurrentPath(directory), kCurrentBytes);
  if (!file.has_value()) {
    if (file.error().code != ErrorCode::kNotFound) return file;
    return Fail(ErrorCode::kUnavailable, "there is no online store at '" + directory + "' yet",
                "Start the engine (skewless run): it makes the store.");
  }
  SKEWLESS_RETURN_IF_ERROR(CheckCurrent(**file));
  return file;
}

Result<std::vector<std::string>> OtherArenas(const std::string& directory, uint64_t keep) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto entries, SystemFiles().List(directory));
  const std::string kept = std::string(kArenaPrefix) + std::to_string(keep);
  std::vector<std::string> paths;
  for (const DirectoryEntry& entry : entries) {
    if (!entry.name.starts_with(kArenaPrefix) || entry.name == kept) continue;
    paths.push_back(JoinPath(directory, entry.name));
  }
  return paths;
}

Status RemoveArenas(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const Status removed = SystemFiles().Remove(path);
    if (!removed && removed.error().code != ErrorCode::kNotFound) return removed;
  }
  return {};
}

}  // namespace skewless::embedded
