#include "source/input_files.h"

#include <glob.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"

namespace skewless {
namespace {

namespace fs = std::filesystem;

bool IsGlob(const std::string& path) { return path.find_first_of("*?[{") != std::string::npos; }

// What glob() reads as `path` itself.
std::string Escaped(const std::string& path) {
  std::string escaped;
  for (const char c : path) {
    if (std::string_view("*?[]{}\\").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::vector<std::string> MatchGlob(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  // NOSORT, because glob's own order follows the locale.
  if (::glob(pattern.c_str(), GLOB_BRACE | GLOB_NOSORT, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  std::error_code ignored;
  std::erase_if(paths, [&](const std::string& path) { return fs::is_directory(path, ignored); });
  std::sort(paths.begin(), paths.end());
  return paths;
}

class Finder {
 public:
  Finder(const Definition& definition, const SourceDefinition& source)
      : definition_(definition), source_(source) {}

  Status Add(const std::string& named) {
    if (named.find("://") != std::string::npos) {
      return Fail(ErrorCode::kUnsupported,
                  SourcePlace(source_) + "'" + named + "' is not on a local disk",
                  "Name a path: this version reads no object storage.");
    }
    const std::string path = definition_.ResolvePath(named);
    std::error_code error;
    if (fs::is_directory(path, error)) {
      return Fail(ErrorCode::kInvalid, SourcePlace(source_) + "'" + named + "' is a folder",
                  "Name its files, as in '" + JoinPath(named, "*") + "'.");
    }
    if (fs::exists(path, error)) return AddFile(path, named);
    if (!IsGlob(named)) {
      return Fail(ErrorCode::kNotFound, SourcePlace(source_) + "there is no file '" + path + "'",
                  "Relative paths are relative to '" + definition_.root + "'.");
    }
    const size_t root = path.size() - named.size();
    const std::vector<std::string> paths = MatchGlob(Escaped(path.substr(0, root)) + named);
    if (paths.empty()) {
      return Fail(ErrorCode::kNotFound, SourcePlace(source_) + "no file matches '" + path + "'",
                  "Relative paths are relative to '" + definition_.root + "'.");
    }
    for (const std::string& match : paths)
      SKEWLESS_RETURN_IF_ERROR(AddFile(match, match.substr(root)));
    return {};
  }

  std::vector<InputFile> Take() { return std::move(files_); }

 private:
  Status AddFile(const std::string& path, const std::string& stream) {
    const auto same = [&](const InputFile& file) { return file.path == path; };
    if (std::any_of(files_.begin(), files_.end(), same)) return {};
    std::error_code error;
    const auto bytes = fs::file_size(path, error);
    if (error) return FailErrno("cannot read", path, error.value());
    files_.push_back({path, stream, bytes});
    return {};
  }

  const Definition& definition_;
  const SourceDefinition& source_;
  std::vector<InputFile> files_;
};

}  // namespace

std::string SourcePlace(const SourceDefinition& source) {
  const Place& place = source.place;
  std::string at;
  if (!place.file.empty()) {
    at = place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
  }
  return at + "source '" + source.name + "': ";
}

Result<std::vector<InputFile>> FindInputFiles(const Definition& definition,
                                              const SourceDefinition& source) {
  Finder finder(definition, source);
  if (source.paths.empty())
    return Fail(ErrorCode::kInvalid, SourcePlace(source) + "it has no path");
  for (const std::string& path : source.paths) SKEWLESS_RETURN_IF_ERROR(finder.Add(path));
  return finder.Take();
}

}  // namespace skewless
