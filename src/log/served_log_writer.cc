// ServedLogWriter: one file a writer, rows gathered in memory and written in large pieces.
#include <unistd.h>

#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/check.h"
#include "base/clock.h"
#include "log/served_format.h"
#include "log/served_log.h"

namespace skewless {
namespace {

constexpr size_t kBufferBytes = 512 << 10;
constexpr int64_t kFlushNanos = 1'000'000'000;

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return Hash64(AsBytes(text)); }
};

class FileServedLogWriter : public ServedLogWriter {
 public:
  FileServedLogWriter(std::unique_ptr<AppendFile> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)), flushed_nanos_(MonotonicNanos()) {
    buffer_.reserve(kBufferBytes + (64 << 10));
    PutServedHeader(&buffer_);
  }

  ~FileServedLogWriter() override {
    const std::scoped_lock lock(mutex_);
    // Nobody is left to be told; Append and Flush tell of errors before this.
    if (FlushLocked()) static_cast<void>(file_->Sync());
  }

  Status Append(const ServedRow& row) override {
    SKEWLESS_CHECK(row.values.size() == row.outputs.size());
    const std::scoped_lock lock(mutex_);
    if (failure_) return Refuse();
    const uint64_t shape = ShapeOf(row);
    const size_t begin = buffer_.size();
    BeginServedRecord(ServedRecordKind::kRow, &buffer_);
    PutServedRow(row, shape, &buffer_);
    FinishServedRecord(begin, &buffer_);
    if (buffer_.size() >= kBufferBytes || MonotonicNanos() - flushed_nanos_ >= kFlushNanos) {
      return FlushLocked();
    }
    return {};
  }

  Status Flush() override {
    const std::scoped_lock lock(mutex_);
    return FlushLocked();
  }

 private:
  // The number of the row's shape; writes a shape that is new.
  uint64_t ShapeOf(const ServedRow& row) {
    shape_.clear();
    PutServedShape(row, &shape_);
    const auto found = shapes_.find(AsText(shape_));
    if (found != shapes_.end()) return found->second;
    const size_t begin = buffer_.size();
    BeginServedRecord(ServedRecordKind::kShape, &buffer_);
    PutRaw(buffer_, shape_);
    FinishServedRecord(begin, &buffer_);
    return shapes_.emplace(std::string(AsText(shape_)), shapes_.size()).first->second;
  }

  Status FlushLocked() {
    if (failure_) return Refuse();
    flushed_nanos_ = MonotonicNanos();
    if (buffer_.empty()) return {};
    Status status = file_->Append(buffer_);
    buffer_.clear();
    // Part of the buffer may have been written: rows after it would stand behind a torn one.
    if (!status) failure_ = status.error();
    return status;
  }

  Status Refuse() const {
    return Fail(
        failure_->code,
        path_ +
            ": served vectors are no longer logged after an earlier error: " + failure_->message,
        failure_->remedy.empty() ? "Restart the server: it begins a new file." : failure_->remedy);
  }

  std::mutex mutex_;
  std::unique_ptr<AppendFile> file_;
  const std::string path_;
  Bytes buffer_;
  Bytes shape_;  // memory to work in
  std::unordered_map<std::string, uint64_t, TextHash, std::equal_to<>> shapes_;
  int64_t flushed_nanos_;
  std::optional<Error> failure_;
};

// 16 digits hold the microseconds until the year 2286, so that names sort by time.
std::string FileName(Timestamp start_us) {
  std::string start = std::to_string(start_us);
  if (start.size() < 16) start.insert(0, 16 - start.size(), '0');
  return start + "-" + std::to_string(::getpid()) + std::string(kServedSuffix);
}

}  // namespace

Result<std::unique_ptr<ServedLogWriter>> ServedLogWriter::Open(FileSystem& files,
                                                               const std::string& directory) {
  SKEWLESS_RETURN_IF_ERROR(files.CreateDirectories(directory));
  Timestamp start_us = NewWallClock()->Now();
  std::string path = JoinPath(directory, FileName(start_us));
  while (files.Exists(path)) path = JoinPath(directory, FileName(++start_us));
  SKEWLESS_ASSIGN_OR_RETURN(auto file, files.Create(path));
  SKEWLESS_RETURN_IF_ERROR(files.SyncDirectory(directory));
  auto writer = std::make_unique<FileServedLogWriter>(std::move(file), std::move(path));
  // With its header on the disk, the file is one of ours even before its first row.
  SKEWLESS_RETURN_IF_ERROR(writer->Flush());
  return writer;
}

}  // namespace skewless
