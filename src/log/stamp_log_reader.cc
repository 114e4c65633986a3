#include <algorithm>
#include <list>

#include "log/stamp_scanner.h"

namespace skewless {
namespace {

using Found = StampScanner::Found;

class FileStampLogReader : public StampLogReader {
 public:
  FileStampLogReader(FileSystem& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  Result<bool> Next(Frame* frame) override {
    for (;;) {
      if (!scanner_) {
        SKEWLESS_ASSIGN_OR_RETURN(const std::string first, NameAfter({}));
        if (first.empty()) return false;
        SKEWLESS_RETURN_IF_ERROR(OpenFile(first));
      }
      SKEWLESS_ASSIGN_OR_RETURN(Found found, scanner_->Next());
      if (found != Found::kFrame) {
        SKEWLESS_ASSIGN_OR_RETURN(const std::string next, NameAfter(name_));
        if (next.empty()) {
          SKEWLESS_ASSIGN_OR_RETURN(found, LookAgain(scanner_.get(), found));
          if (found != Found::kFrame) return false;
        } else {
          // Whole frames may have come before the next file was begun and after we looked.
          SKEWLESS_ASSIGN_OR_RETURN(found, scanner_->Next());
        }
        if (found != Found::kFrame) {
          SKEWLESS_RETURN_IF_ERROR(MoveTo(next));
          continue;
        }
      }
      frame->epoch = scanner_->header().epoch;
      frame->known = scanner_->head().known;
      frame->views = &views_.back();
      frame->stamps = scanner_->stamps();
      frame->lost = scanner_->lost();
      return true;
    }
  }

  Result<std::vector<Writer>> Writers() override {
    std::vector<Writer> writers;
    std::string name;
    std::unique_ptr<StampScanner> scanner;
    Found found = Found::kFrame;  // in the file before, where the look for an opening ended
    for (;;) {
      SKEWLESS_ASSIGN_OR_RETURN(name, NameAfter(name));
      if (name.empty()) break;
      const std::unique_ptr<StampScanner> before = std::move(scanner);
      SKEWLESS_ASSIGN_OR_RETURN(scanner, StampScanner::Open(files_, directory_, name));
      const StampFileHeader& header = scanner->header();
      if (found != Found::kFrame) {
        // Whole frames may have come before this file was begun and after we looked.
        SKEWLESS_ASSIGN_OR_RETURN(found, LookForOpening(before.get(), &writers.back().opened_us));
        if (found != Found::kFrame) SKEWLESS_RETURN_IF_ERROR(CheckEnd(*before, header));
      }
      if (writers.empty() || writers.back().epoch != header.epoch) {
        writers.push_back({header.epoch, header.own_views(), kMaxTimestamp});
      }
      SKEWLESS_ASSIGN_OR_RETURN(found, LookForOpening(scanner.get(), &writers.back().opened_us));
    }
    if (found != Found::kFrame) SKEWLESS_RETURN_IF_ERROR(LookAgain(scanner.get(), found));
    return writers;
  }

 private:
  // Files are made in the order of their names and stay: what a listing had is not listed again.
  Result<std::string> NameAfter(const std::string& name) {
    auto next = std::upper_bound(names_.begin(), names_.end(), name);
    if (next == names_.end()) {
      SKEWLESS_RETURN_IF_ERROR(ListNames());
      next = std::upper_bound(names_.begin(), names_.end(), name);
    }
    return next == names_.end() ? std::string() : *next;
  }

  Status ListNames() {
    names_.clear();
    if (!files_.Exists(directory_)) return {};
    SKEWLESS_ASSIGN_OR_RETURN(const auto entries, files_.List(directory_));
    for (const DirectoryEntry& entry : entries) {
      if (!entry.is_directory && ParseStampFileName(entry.name)) names_.push_back(entry.name);
    }
    return {};
  }

  Status OpenFile(const std::string& name) {
    SKEWLESS_ASSIGN_OR_RETURN(scanner_, StampScanner::Open(files_, directory_, name));
    name_ = name;
    views_.push_back(scanner_->header().views);
    return {};
  }

  Status MoveTo(const std::string& next) {
    const std::unique_ptr<StampScanner> before = std::move(scanner_);
    SKEWLESS_RETURN_IF_ERROR(OpenFile(next));
    return CheckEnd(*before, scanner_->header());
  }

  // What ends a file that is not the last must lie behind what its successor knew to be whole.
  static Status CheckEnd(const StampScanner& file, const StampFileHeader& next) {
    if (file.offset() < next.before_bytes) return file.Corrupt();
    return {};
  }

  // No frame was found in the last file: damage if it had been durable, else what a crash left, or
  // a write that is under way, which may be whole by now.
  static Result<Found> LookAgain(StampScanner* scanner, Found found) {
    if (found == Found::kEnd) return found;
    SKEWLESS_ASSIGN_OR_RETURN(const bool damaged, scanner->WasDurable());
    if (!damaged) return found;
    SKEWLESS_ASSIGN_OR_RETURN(found, scanner->Next());
    if (found != Found::kFrame) return scanner->Corrupt();
    return found;
  }

  // Where an earlier version didn't know when it let readers in (the least int64), it had done so
  // by its first stamp, or just before: rows that a start must write come first.
  // kFrame: it is known; else what ended the file.
  static Result<Found> LookForOpening(StampScanner* scanner, Timestamp* opened_us) {
    if (*opened_us != kMaxTimestamp) return Found::kFrame;
    Timestamp logged = scanner->header().known.opened_us;
    Timestamp first_stamp = kMaxTimestamp;
    for (;;) {
      *opened_us = logged == kMinTimestamp ? first_stamp : logged;
      if (*opened_us != kMaxTimestamp) return Found::kFrame;
      SKEWLESS_ASSIGN_OR_RETURN(const Found found, scanner->Next());
      if (found != Found::kFrame) return found;
      logged = scanner->head().known.opened_us;
      for (const LoggedStamp& stamp : scanner->stamps())
        first_stamp = std::min(first_stamp, stamp.stamp.available_us);
    }
  }

  FileSystem& files_;
  const std::string directory_;
  std::unique_ptr<StampScanner> scanner_;
  std::string name_;                // of its file
  std::vector<std::string> names_;  // as they were listed last
  std::list<std::vector<StampedView>> views_;
};

}  // namespace

Result<std::optional<StampKnowledge>> ReadStampKnowledge(FileSystem& files,
                                                         const std::string& directory) {
  if (!files.Exists(directory)) return std::nullopt;
  SKEWLESS_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  std::string last;
  for (const DirectoryEntry& entry : entries) {
    if (!entry.is_directory && ParseStampFileName(entry.name)) last = entry.name;
  }
  if (last.empty()) return std::nullopt;
  SKEWLESS_ASSIGN_OR_RETURN(const auto scanner, StampScanner::Open(files, directory, last));
  StampKnowledge known = scanner->header().known;
  known.closed = false;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const Found found, scanner->Next());
    if (found != Found::kFrame) return known;
    known = scanner->head().known;
  }
}

Result<std::unique_ptr<StampLogReader>> StampLogReader::Open(FileSystem& files,
                                                             const std::string& directory) {
  return std::make_unique<FileStampLogReader>(files, directory);
}

}  // namespace skewless
