#include "base/file.h"

#include <algorithm>
#include <cstdio>

namespace skewless {

Result<std::string> ReadWholeFile(FileSystem& files, const std::string& path) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto file, files.OpenRead(path));
  SKEWLESS_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  std::string contents(size, '\0');
  const std::span<uint8_t> out(reinterpret_cast<uint8_t*>(contents.data()), contents.size());
  SKEWLESS_ASSIGN_OR_RETURN(const size_t read, file->Read(0, out));
  contents.resize(read);
  return contents;
}

Status WriteFileAtomically(FileSystem& files, const std::string& path, std::string_view contents) {
  const std::string temporary = path + ".tmp";
  const auto write = [&]() -> Status {
    SKEWLESS_ASSIGN_OR_RETURN(const auto file, files.Create(temporary));
    const auto* data = reinterpret_cast<const uint8_t*>(contents.data());
    SKEWLESS_RETURN_IF_ERROR(file->Append({data, contents.size()}));
    return file->Sync();
  };
  Status status = write();
  if (status.has_value()) status = files.Rename(temporary, path);
  if (!status.has_value()) {
    // The first error is the one to tell; a leftover is overwritten by the next attempt.
    static_cast<void>(files.Remove(temporary));
    return status;
  }
  return files.SyncDirectory(std::string(ParentPath(path)));
}

std::string UnfinishedPath(const std::string& path, const FileLock& lock, std::string_view suffix) {
  char number[20];
  std::snprintf(number, sizeof number, ".%llx", static_cast<unsigned long long>(lock.number()));
  return path + number + std::string(suffix);
}

Status CheckHeld(const FileLock& lock, const std::string& what) {
  if (lock.held()) return {};
  return Fail(ErrorCode::kLocked, what + ": a newer engine has taken it over from this one",
              "Leave it to the newer engine: start this one no more. Nothing of what this one "
              "still had under way counts, and nothing that counted is lost.");
}

// Who takes the lock over removes what is unfinished after that. So where it was held when the file
// was there already, either the rename comes before, or it finds no file.
Status Publish(FileSystem& files, const FileLock& lock, const std::string& unfinished,
               const std::string& path) {
  SKEWLESS_RETURN_IF_ERROR(CheckHeld(lock, path));
  Status renamed = files.Rename(unfinished, path);
  if (!renamed) {
    SKEWLESS_RETURN_IF_ERROR(CheckHeld(lock, path));
    return renamed;
  }
  return files.SyncDirectory(std::string(ParentPath(path)));
}

Status ReplaceByCopy(FileSystem& files, const FileLock& lock, const std::string& path,
                     std::string_view suffix) {
  constexpr size_t kPiece = 1 << 20;
  const std::string copy = UnfinishedPath(path, lock, suffix);
  SKEWLESS_ASSIGN_OR_RETURN(const auto from, files.OpenRead(path));
  SKEWLESS_ASSIGN_OR_RETURN(const uint64_t size, from->Size());
  SKEWLESS_ASSIGN_OR_RETURN(const auto to, files.Create(copy));
  std::vector<uint8_t> piece(std::min<uint64_t>(size, kPiece));
  for (uint64_t at = 0; at < size; at += piece.size()) {
    piece.resize(std::min<uint64_t>(size - at, kPiece));
    SKEWLESS_ASSIGN_OR_RETURN(const size_t read, from->Read(at, piece));
    piece.resize(read);
    if (read == 0) break;
    SKEWLESS_RETURN_IF_ERROR(to->Append(piece));
  }
  SKEWLESS_RETURN_IF_ERROR(to->Sync());
  return Publish(files, lock, copy, path);
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (directory.empty() || name.starts_with('/')) return std::string(name);
  std::string path(directory);
  if (!path.ends_with('/')) path.push_back('/');
  path += name;
  return path;
}

std::string_view ParentPath(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  path = path.substr(0, slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() ? std::string_view("/") : path;
}

}  // namespace skewless
