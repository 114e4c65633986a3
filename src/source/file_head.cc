#include "source/file_head.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/file.h"
#include "source/growing_file.h"

namespace skewless {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "head:";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr int64_t kFinished = int64_t{1} << 62;

bool IsThere(const std::string& path) { return IdentityOf(path) != FileIdentity(); }

// A followed file as the log knows it.
struct Known {
  std::string path;
  int64_t records = 0;
  FileHead head;
};

class HeadCheck {
 public:
  HeadCheck(const Definition& definition, const std::vector<InputFile>& files,
            const KnownRecords& known)
      : files_(files) {
    for (const auto& [stream, _] : known) paths_.push_back(definition.ResolvePath(stream));
  }

  // False where the file is nowhere.
  Result<bool> Check(const Known& file, bool is_finished) const {
    if (file.head.IsOf(file.path)) return true;
    const std::optional<std::string> now = Find(file, is_finished);
    if (IsThere(file.path)) return AnotherFile(file, now);
    if (!now) return false;
    return Fail(ErrorCode::kInvalid,
                *now + ": is the file that was followed as '" + file.path + "', renamed after " +
                    std::to_string(file.records) + " records of it were read",
                "Give it its name back: followed files keep theirs, and what came after is read. A "
                "new one is begun under a name that comes after it.");
  }

 private:
  static tl::unexpected<Error> AnotherFile(const Known& file,
                                           const std::optional<std::string>& now) {
    if (!now && IdentityOf(file.path).bytes < static_cast<int64_t>(file.head.size())) {
      return Fail(ErrorCode::kInvalid,
                  file.path + ": is shorter than what was read from it, " +
                      std::to_string(file.records) + " records",
                  "A followed file may only grow: to begin anew, write to a new file that the "
                  "source's path matches, and remove this one.");
    }
    return Fail(ErrorCode::kInvalid,
                file.path + ": another file was put in its place, after " +
                    std::to_string(file.records) + " records of it were read" +
                    (now ? "; that one is now '" + *now + "'" : ""),
                "Give the new file a name of its own that the source's path matches and that comes "
                "after the old one's, as in clicks-2.jsonl after clicks-1.jsonl" +
                    std::string(now ? ", and put the old one back." : "."));
  }

  // Under another name: among the source's files; and beside it, where it has a rest to be read.
  std::optional<std::string> Find(const Known& file, bool is_finished) const {
    const auto is_it = [&](const std::string& path) {
      return std::find(paths_.begin(), paths_.end(), path) == paths_.end() && file.head.IsOf(path);
    };
    for (const InputFile& other : files_) {
      if (is_it(other.path)) return other.path;
    }
    if (is_finished) return std::nullopt;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(std::string(ParentPath(file.path)), failed)) {
      if (entry.is_regular_file(failed) && is_it(entry.path())) return entry.path().string();
    }
    return std::nullopt;
  }

  const std::vector<InputFile>& files_;
  std::vector<std::string> paths_;  // of those that the log knows
};

}  // namespace

FileHead::FileHead(std::string_view bytes)
    : size_(std::min(bytes.size(), kMostBytes)),
      checksum_(static_cast<uint32_t>(Hash64(AsBytes(bytes.substr(0, size_))))) {}

FileHead FileHead::FromOffset(int64_t offset) {
  FileHead head;
  head.size_ = std::min(static_cast<size_t>(offset >> 32 & 0xffff), kMostBytes);
  head.checksum_ = static_cast<uint32_t>(offset);
  return head;
}

int64_t FileHead::ToOffset(bool is_finished) const {
  return (is_finished ? kFinished : 0) | static_cast<int64_t>(size_) << 32 | checksum_;
}

bool FileHead::IsOf(const std::string& path) const {
  if (size_ == 0) return false;
  const auto file = SystemFiles().OpenRead(path);
  if (!file) return false;
  Bytes bytes(size_ + kByteOrderMark.size());
  const auto read = (*file)->Read(0, bytes);
  if (!read) return false;
  std::string_view text = AsText(bytes).substr(0, *read);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text.size() >= size_ && FileHead(text.substr(0, size_)).checksum_ == checksum_;
}

std::string HeadStream(const std::string& stream) { return std::string(kPrefix) + stream; }
bool IsHeadStream(std::string_view stream) { return stream.starts_with(kPrefix); }

Result<KnownHeads> CheckHeads(const Definition& definition, const std::vector<InputFile>& files,
                              const std::function<void(const std::string&)>& notice,
                              KnownRecords* known) {
  KnownHeads heads;
  for (auto at = known->begin(); at != known->end();) {
    const bool is_head = IsHeadStream(at->first);
    if (is_head) heads.by_stream.emplace(at->first.substr(kPrefix.size()), at->second);
    at = is_head ? known->erase(at) : std::next(at);
  }
  const HeadCheck check(definition, files, *known);
  for (const auto& [stream, offset] : heads.by_stream) {
    const Known file{definition.ResolvePath(stream), (*known)[stream],
                     FileHead::FromOffset(offset)};
    const bool is_finished = FileHead::IsFinished(offset);
    SKEWLESS_ASSIGN_OR_RETURN(const bool found, check.Check(file, is_finished));
    if (found || is_finished) continue;
    heads.to_tell.push_back({HeadStream(stream), file.head.ToOffset(true)});
    if (notice) {
      notice(file.path + " is gone: what was appended to it after the " +
             std::to_string(file.records) + " records that were read, if anything, was not read");
    }
  }
  return heads;
}

}  // namespace skewless
