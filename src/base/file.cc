#include "base/file.h"

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
