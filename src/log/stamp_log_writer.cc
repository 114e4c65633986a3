#include <algorithm>
#include <optional>

#include "base/check.h"
#include "log/log_format.h"
#include "log/stamp_scanner.h"

namespace skewless {
namespace {

using Found = StampScanner::Found;

class FileStampLogWriter : public StampLogWriter {
 public:
  FileStampLogWriter(FileSystem& files, const StampLogOptions& options)
      : files_(files), options_(options), encoder_(views_) {
    if (options_.lock == nullptr) options_.lock = &unshared_;
  }

  Status Begin() {
    SKEWLESS_RETURN_IF_ERROR(files_.CreateDirectories(options_.directory));
    SKEWLESS_RETURN_IF_ERROR(Recover());
    views_ = options_.views;
    views_.insert(views_.end(), earlier_views_.begin(), earlier_views_.end());
    written_ = recovered_;
    written_.opened_us = kMaxTimestamp;
    written_.closed = false;
    return NewFile();
  }

  const StampKnowledge& recovered() const override { return recovered_; }
  const std::vector<StampedView>& recovered_views() const override { return recovered_views_; }
  const std::vector<StampedView>& earlier_views() const override { return earlier_views_; }
  int64_t torn_bytes() const override { return torn_bytes_; }
  Timestamp complete_before_us() const override { return complete_before_us_; }
  Timestamp computed_us() const override { return computed_us_; }
  int64_t bytes_written() const override { return bytes_written_; }

  void Add(const LoggedStamp& stamp) override {
    SKEWLESS_CHECK(stamp.view < views_.size());
    encoder_.Add(stamp);
    if (views_[stamp.view].values) NoteComputed(stamp.stamp);
  }

  void AddLost(const LostWrite& write) override {
    SKEWLESS_CHECK(write.view < views_.size());
    encoder_.AddLost(write);
  }

  Status Write(const StampKnowledge& known) override {
    if (failure_) return Refuse(*failure_);
    if (encoder_.empty() && known == written_) return {};
    if (file_->size() >= options_.file_bytes) {
      SKEWLESS_RETURN_IF_ERROR(Sync());
      ++part_;
      SKEWLESS_RETURN_IF_ERROR(Keep(NewFile()));
    }
    encoder_.Finish(kStampFrameHeadBytes, &frame_);
    StampFrameHead head;
    head.payload_bytes = static_cast<uint32_t>(frame_.size() - kStampFrameHeadBytes);
    head.durable_bytes = durable_bytes_;
    head.known = known;
    head.payload_checksum = Hash64(ByteView(frame_).subspan(kStampFrameHeadBytes), seed_);
    PutStampFrameHead(head, seed_, frame_.data());
    SKEWLESS_RETURN_IF_ERROR(Keep(file_->Append(frame_)));
    written_ = known;
    bytes_written_ += static_cast<int64_t>(frame_.size());
    return {};
  }

  Status Sync() override {
    if (failure_) return Refuse(*failure_);
    const uint64_t size = file_->size();
    if (size == durable_bytes_) return {};
    Status synced = Keep(file_->Sync());
    if (!synced) {
      // What the kernel may have dropped must not be taken for durable by the next writer.
      static_cast<void>(file_->Truncate(durable_bytes_));
      return synced;
    }
    SKEWLESS_RETURN_IF_ERROR(Keep(CheckHeld(*options_.lock, options_.directory)));
    durable_bytes_ = size;
    return {};
  }

 private:
  void NoteComputed(const Stamp& stamp) {
    computed_us_ = std::max(computed_us_, stamp.computed_us);
  }
  // What the kernel holds after a failed write or sync is unknown: nothing goes behind it.
  Status Keep(Status status) {
    if (!status) failure_ = status.error();
    return status;
  }
  static Status Refuse(const Error& failure) {
    return Fail(failure.code,
                "stamps are no longer logged after an earlier error: " + failure.message,
                failure.remedy);
  }

  // First: a writer that lost the lock may still rename what it had begun, until that is removed.
  Status RemoveUnfinished() {
    SKEWLESS_ASSIGN_OR_RETURN(const auto entries, files_.List(options_.directory));
    for (const DirectoryEntry& entry : entries) {
      if (entry.is_directory || !entry.name.ends_with(kUnfinishedStampSuffix)) continue;
      const std::string path = JoinPath(options_.directory, entry.name);
      const Status removed = files_.Remove(path);
      if (!removed && removed.error().code != ErrorCode::kNotFound) return removed;
    }
    return {};
  }

  Status Recover() {
    SKEWLESS_RETURN_IF_ERROR(RemoveUnfinished());
    SKEWLESS_ASSIGN_OR_RETURN(const auto entries, files_.List(options_.directory));
    std::string last, first_of_last;
    for (const DirectoryEntry& entry : entries) {
      if (entry.is_directory) continue;
      if (const auto place = ParseStampFileName(entry.name)) {
        last = entry.name;
        if (place->second == 0) first_of_last = entry.name;
      }
    }
    if (last.empty()) return {};
    if (first_of_last.empty()) {
      return CorruptLog(JoinPath(options_.directory, last), 0, "the files before it are gone");
    }
    if (options_.take_over) {
      SKEWLESS_RETURN_IF_ERROR(ReplaceByCopy(
          files_, *options_.lock, JoinPath(options_.directory, last), kUnfinishedStampSuffix));
    }
    SKEWLESS_ASSIGN_OR_RETURN(auto scanner, StampScanner::Open(files_, options_.directory, last));
    const StampFileHeader& header = scanner->header();
    if (header.identity != options_.identity) {
      return CorruptLog(scanner->path(), 0, "these stamps belong to another log");
    }
    if (header.epoch >= options_.epoch) {
      return CorruptLog(scanner->path(), 0,
                        "these stamps are of a later writer than the log's last");
    }
    SKEWLESS_ASSIGN_OR_RETURN(const auto first,
                              StampScanner::Open(files_, options_.directory, first_of_last));
    complete_before_us_ = first->header().known.complete_us;
    recovered_ = header.known;
    recovered_views_ = header.own_views();
    computed_us_ = header.computed_us;
    for (;;) {
      SKEWLESS_ASSIGN_OR_RETURN(const Found found, scanner->Next());
      if (found != Found::kFrame) {
        SKEWLESS_RETURN_IF_ERROR(RepairTail(scanner.get(), found));
        return FindEarlierViews(entries);
      }
      recovered_ = scanner->head().known;
      for (const LoggedStamp& stamp : scanner->stamps()) {
        if (header.views[stamp.view].values) NoteComputed(stamp.stamp);
      }
    }
  }

  Status RepairTail(StampScanner* scanner, Found found) {
    before_bytes_ = scanner->offset();
    if (found != Found::kEnd) {
      SKEWLESS_ASSIGN_OR_RETURN(const bool damaged, scanner->WasDurable());
      if (damaged) return scanner->Corrupt();
      SKEWLESS_ASSIGN_OR_RETURN(const uint64_t size, scanner->FileSize());
      torn_bytes_ = static_cast<int64_t>(size - before_bytes_);
      SKEWLESS_RETURN_IF_ERROR(files_.Truncate(scanner->path(), before_bytes_));
    }
    SKEWLESS_ASSIGN_OR_RETURN(const auto file, files_.OpenAppend(scanner->path()));
    return file->Sync();
  }

  // Back to the last writer of rows under which it moved what is complete: it had gone through all
  // rows of those before it by then. Of one that ended in order there is nothing to find.
  Status FindEarlierViews(const std::vector<DirectoryEntry>& entries) {
    if (options_.views.empty() || (recovered_.closed && !recovered_views_.empty())) return {};
    Timestamp complete_us = recovered_.complete_us;
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      const auto place = ParseStampFileName(entry->name);
      if (entry->is_directory || !place || place->second != 0) continue;
      SKEWLESS_ASSIGN_OR_RETURN(const auto scanner,
                                StampScanner::Open(files_, options_.directory, entry->name));
      const StampFileHeader& header = scanner->header();
      for (StampedView view : header.own_views()) NoteEarlier(std::move(view));
      if (header.known.complete_us < complete_us) return {};
      complete_us = header.known.complete_us;
    }
    return {};
  }

  void NoteEarlier(StampedView view) {
    const auto is_among = [&](const std::vector<StampedView>& views) {
      return std::any_of(views.begin(), views.end(),
                         [&](const StampedView& other) { return other.HasSameRows(view); });
    };
    if (view.values || is_among(options_.views) || is_among(earlier_views_)) return;
    view.earlier = true;
    earlier_views_.push_back(std::move(view));
  }

  // Under a name of its own until its header is durable.
  Status NewFile() {
    StampFileHeader header;
    header.identity = options_.identity;
    header.epoch = options_.epoch;
    header.part = part_;
    header.before_bytes = file_ ? file_->size() : before_bytes_;
    header.known = written_;
    header.computed_us = computed_us_;
    header.views = views_;
    Bytes bytes;
    PutStampFileHeader(header, &bytes);
    if (bytes.size() > kMaxStampHeaderBytes) {
      return Fail(ErrorCode::kInvalid, "the names of the views exceed 64 MiB");
    }
    const std::string name = StampFileName(options_.epoch, part_);
    const std::string path = JoinPath(options_.directory, name);
    const std::string unfinished = UnfinishedPath(path, *options_.lock, kUnfinishedStampSuffix);
    SKEWLESS_ASSIGN_OR_RETURN(file_, files_.Create(unfinished));
    SKEWLESS_RETURN_IF_ERROR(file_->Append(bytes));
    SKEWLESS_RETURN_IF_ERROR(file_->Sync());
    SKEWLESS_RETURN_IF_ERROR(Publish(files_, *options_.lock, unfinished, path));
    seed_ = StampFrameSeed(bytes);
    durable_bytes_ = bytes.size();
    bytes_written_ += static_cast<int64_t>(bytes.size());
    return {};
  }

  FileSystem& files_;
  const FileLock unshared_;
  StampLogOptions options_;
  StampKnowledge recovered_, written_;
  std::vector<StampedView> recovered_views_, earlier_views_;
  std::vector<StampedView> views_;  // that stamps are of
  int64_t torn_bytes_ = 0;
  Timestamp complete_before_us_ = kMinTimestamp;
  Timestamp computed_us_ = kMinTimestamp;
  int64_t bytes_written_ = 0;
  uint64_t before_bytes_ = 0;
  uint32_t part_ = 0;
  std::unique_ptr<AppendFile> file_;
  uint64_t seed_ = 0;
  uint64_t durable_bytes_ = 0;
  StampEncoder encoder_;
  Bytes frame_;
  std::optional<Error> failure_;
};

}  // namespace

Result<std::unique_ptr<StampLogWriter>> StampLogWriter::Open(FileSystem& files,
                                                             const StampLogOptions& options) {
  auto writer = std::make_unique<FileStampLogWriter>(files, options);
  SKEWLESS_RETURN_IF_ERROR(writer->Begin());
  return writer;
}

}  // namespace skewless
