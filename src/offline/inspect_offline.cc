// What the offline tables consist of, and whether the disk still holds it.
#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "offline/manifest.h"
#include "offline/offline_writer.h"
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

Status VerifyFile(FileSystem& files, const std::string& directory, const OfflineManifest& manifest,
                  size_t file) {
  const std::string& path = manifest.files[file].path;
  SKEWLESS_ASSIGN_OR_RETURN(const std::string bytes,
                            ReadTableFile(files, directory, path, manifest.writers[file]));
  if (Hash64(AsBytes(bytes)) == manifest.checksums[file]) return {};
  return Fail(ErrorCode::kCorrupt,
              JoinPath(directory, path) + ": the checksum does not fit the manifest's",
              "Restore it from a copy, or " + MoveAway(directory));
}

// What it sorts by: its year, and the rest as text.
std::pair<int64_t, std::string_view> DateOrder(std::string_view date) {
  int64_t year = 0;
  const auto parsed = std::from_chars(date.data(), date.data() + date.size(), year);
  date.remove_prefix(static_cast<size_t>(parsed.ptr - date.data()));
  return {year, date};
}

}  // namespace

bool IsEarlierDate(std::string_view a, std::string_view b) { return DateOrder(a) < DateOrder(b); }

Result<std::vector<OfflineFileInfo>> InspectOffline(FileSystem& files, const std::string& directory,
                                                    bool verify) {
  SKEWLESS_ASSIGN_OR_RETURN(OfflineManifest manifest, ReadManifest(files, directory));
  std::set<std::string> verified;  // a name has one content for ever
  for (size_t i = 0; verify && i < manifest.files.size();) {
    const std::string path = manifest.files[i].path;
    const Status fits =
        verified.contains(path) ? Status{} : VerifyFile(files, directory, manifest, i);
    if (fits.has_value()) {
      verified.insert(path);
      ++i;
      continue;
    }
    // It may have been merged into another meanwhile.
    SKEWLESS_ASSIGN_OR_RETURN(manifest, ReadManifest(files, directory));
    const bool listed = std::any_of(manifest.files.begin(), manifest.files.end(),
                                    [&](const OfflineFileInfo& file) { return file.path == path; });
    if (listed) return tl::unexpected<Error>(fits.error());
    i = 0;
  }
  return std::move(manifest.files);
}

}  // namespace skewless
