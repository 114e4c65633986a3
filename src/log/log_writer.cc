// LogWriter: frames batches, rolls segments, and stops for good at the first error.
#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <optional>

#include "base/check.h"
#include "log/frame_plan.h"
#include "log/log.h"
#include "log/log_format.h"
#include "log/log_recovery.h"
#include "log/segment_writer.h"

namespace skewless {
namespace {

constexpr int64_t kMaxCounter = (int64_t{1} << 48) - 1;

Result<uint64_t> DrawIdentity() {
  uint64_t identity = 0;
  // 0 means "no log".
  while (identity == 0) {
    if (::getrandom(&identity, sizeof identity, 0) != sizeof identity) {
      return FailErrno("read", "random numbers of the kernel", errno);
    }
  }
  return identity;
}

Result<std::unique_ptr<FileLock>> LockLog(FileSystem& files, const LogOptions& options) {
  const std::string path = JoinPath(options.directory, kLockName);
  if (options.take_over) return files.TakeLock(path);
  auto lock = files.Lock(path);
  if (!lock && lock.error().code == ErrorCode::kLocked) {
    lock.error().remedy =
        "Stop that process, or use another log. Where it hangs or is on hold and can't be stopped, "
        "take the log over: skewless run --take-over.";
  }
  return lock;
}

class FileLogWriter : public LogWriter {
 public:
  FileLogWriter(FileSystem& files, LogOptions options, std::vector<LoggedSource> sources,
                std::unique_ptr<FileLock> lock)
      : files_(files),
        options_(std::move(options)),
        sources_(std::move(sources)),
        lock_(std::move(lock)) {}

  Status Begin() {
    SKEWLESS_ASSIGN_OR_RETURN(RecoveredLog log, RecoverLog(files_, *lock_, options_.directory,
                                                           sources_, options_.take_over));
    // A start that comes to nothing takes none, or a service that is started again every few
    // seconds would have had them all in two days. Its segment is made anew, not gone on with: a
    // writer that stood still with it, and was taken over from, writes to a file without a name.
    epoch_ = log.epoch_unused ? log.epoch : log.epoch + 1;
    if (epoch_ > kMaxEpoch) {
      return Fail(ErrorCode::kUnsupported,
                  options_.directory + ": the log was opened 32767 times, the most it can be",
                  "Begin a new log.");
    }
    identity_ = log.identity;
    if (identity_ == 0) {
      SKEWLESS_ASSIGN_OR_RETURN(identity_, DrawIdentity());
    }
    totals_ = std::move(log.totals);
    recovery_ = std::move(log.report);
    // A segment that an older writer renamed just before it died may not be durable by name.
    SKEWLESS_RETURN_IF_ERROR(files_.SyncDirectory(options_.directory));
    durable_.store(totals_.last_sequence);
    return NewSegment(MakeSequence(epoch_, 1));
  }

  const LogRecovery& recovery() const override { return recovery_; }
  uint64_t identity() const override { return identity_; }
  int64_t epoch() const override { return epoch_; }
  Sequence last_sequence() const override { return totals_.last_sequence; }
  Sequence durable_sequence() const override { return durable_.load(std::memory_order_acquire); }
  int64_t bytes_written() const override { return bytes_written_; }
  const FileLock& lock() const override { return *lock_; }

  Status Append(Batch* batch) override {
    if (failure_) return Refuse();
    CheckShape(*batch);
    if (batch->rows() == 0 && batch->positions.empty()) return {};
    return Remember(Write(batch));
  }

  Status Sync() override {
    if (failure_) return Refuse();
    return Remember(SyncSegment());
  }

 private:
  Status SyncSegment() {
    Status synced = segment_->Sync();
    if (!synced) {
      segment_->CutToDurable();
      return synced;
    }
    // Where it is held still, what was synced came before anybody who took it over looked.
    SKEWLESS_RETURN_IF_ERROR(CheckHeld(*lock_, options_.directory));
    durable_.store(totals_.last_sequence, std::memory_order_release);
    return {};
  }

  void CheckShape(const Batch& batch) const {
    SKEWLESS_CHECK(batch.source < sources_.size());
    SKEWLESS_CHECK(batch.columns.size() == sources_[batch.source].schema.columns.size());
    SKEWLESS_CHECK(batch.processing_us.size() == batch.rows());
    SKEWLESS_CHECK(batch.available_us.size() == batch.rows());
    SKEWLESS_CHECK(batch.applied.size() == batch.rows());
  }

  Status Write(Batch* batch) {
    const size_t rows = batch->rows();
    const Sequence first = NextSequence();
    if (CounterOf(first) > kMaxCounter - static_cast<int64_t>(rows)) {
      return Fail(ErrorCode::kUnsupported, options_.directory + ": the log's epoch is full",
                  "Restart the engine: it begins the next epoch.");
    }
    batch->sequence.resize(rows);
    for (size_t i = 0; i < rows; ++i) batch->sequence[i] = first + static_cast<int64_t>(i);
    const auto max_rows = std::min(options_.max_frame_rows, static_cast<int64_t>(kMaxEncodedRows));
    const FrameLimits limits{max_rows, options_.max_frame_bytes};
    const size_t bytes = PlanFrames(*batch, limits, &frame_ends_);
    SKEWLESS_RETURN_IF_ERROR(RollIfFull(bytes));
    size_t begin = 0;
    for (size_t i = 0; i < frame_ends_.size(); ++i) {
      const auto frames_left = static_cast<uint32_t>(frame_ends_.size() - 1 - i);
      SKEWLESS_RETURN_IF_ERROR(WriteFrame(*batch, begin, frame_ends_[i], frames_left));
      begin = frame_ends_[i];
    }
    AddToTotals(*batch);
    return {};
  }

  Status WriteFrame(const Batch& batch, size_t begin, size_t end, uint32_t frames_left) {
    frame_.resize(kFrameHeadBytes);
    EncodeBatch(batch, begin, end, &frame_);
    if (frame_.size() - kFrameHeadBytes > kMaxPayloadBytes) {
      return Fail(ErrorCode::kInvalid,
                  "source '" + sources_[batch.source].name + "': a record exceeds 1 GiB",
                  "Leave such records out of the source.");
    }
    FrameHead head;
    head.first_sequence = NextSequence() + static_cast<int64_t>(begin);
    head.rows = static_cast<uint32_t>(end - begin);
    head.source = batch.source;
    head.frames_left = frames_left;
    const bool empty = begin == end;
    head.first_processing_us = empty ? totals_.last_processing_us : batch.processing_us[begin];
    head.last_processing_us = empty ? totals_.last_processing_us : batch.processing_us[end - 1];
    head.first_available_us = empty ? totals_.last_available_us : batch.available_us[begin];
    head.last_available_us = empty ? totals_.last_available_us : batch.available_us[end - 1];
    SKEWLESS_RETURN_IF_ERROR(segment_->Append(head, &frame_));
    bytes_written_ += static_cast<int64_t>(frame_.size());
    return {};
  }

  void AddToTotals(const Batch& batch) {
    for (const SourcePosition& position : batch.positions) {
      totals_.positions[{sources_[batch.source].name, position.stream}] = position.offset;
    }
    if (batch.rows() == 0) return;
    totals_.records += static_cast<int64_t>(batch.rows());
    totals_.last_sequence = batch.sequence.back();
    totals_.last_processing_us = batch.processing_us.back();
    totals_.last_available_us = batch.available_us.back();
  }

  Sequence NextSequence() const {
    return std::max(totals_.last_sequence + 1, MakeSequence(epoch_, 1));
  }

  // A batch never crosses segments. A segment without records is never left for another, since
  // both would have the same name.
  Status RollIfFull(size_t bytes) {
    const bool full = static_cast<int64_t>(segment_->bytes() + bytes) > options_.segment_bytes;
    if (!full || NextSequence() == segment_first_) return {};
    SKEWLESS_RETURN_IF_ERROR(SyncSegment());
    return NewSegment(NextSequence());
  }

  Status NewSegment(Sequence first) {
    SegmentHeader header{identity_, epoch_, first, totals_, sources_};
    SKEWLESS_ASSIGN_OR_RETURN(segment_,
                              SegmentWriter::Create(files_, *lock_, options_.directory, header));
    segment_first_ = first;
    bytes_written_ += static_cast<int64_t>(segment_->bytes());
    return {};
  }

  Status Remember(Status status) {
    if (status) return status;
    if (status.error().code == ErrorCode::kNoSpace) {
      status.error().remedy = "Free space on the disk that holds '" + options_.directory +
                              "', then restart the engine: nothing acknowledged is lost.";
    }
    failure_ = status.error();
    return status;
  }

  Status Refuse() const {
    return Fail(failure_->code,
                options_.directory +
                    ": the log takes no more records after an earlier error: " + failure_->message,
                failure_->remedy.empty()
                    ? "Restart the engine: it verifies the log and goes on after its last record."
                    : failure_->remedy);
  }

  FileSystem& files_;
  const LogOptions options_;
  const std::vector<LoggedSource> sources_;
  std::unique_ptr<FileLock> lock_;
  LogRecovery recovery_;
  uint64_t identity_ = 0;
  int64_t epoch_ = 0;
  LogTotals totals_;
  std::atomic<Sequence> durable_ = 0;
  int64_t bytes_written_ = 0;
  std::unique_ptr<SegmentWriter> segment_;
  Sequence segment_first_ = 0;
  Bytes frame_;                     // reused by every frame
  std::vector<size_t> frame_ends_;  // reused by every batch
  std::optional<Error> failure_;
};

}  // namespace

Result<std::unique_ptr<LogWriter>> LogWriter::Open(FileSystem& files, const LogOptions& options,
                                                   std::vector<LoggedSource> sources) {
  SKEWLESS_RETURN_IF_ERROR(files.CreateDirectories(options.directory));
  SKEWLESS_ASSIGN_OR_RETURN(auto lock, LockLog(files, options));
  auto writer =
      std::make_unique<FileLogWriter>(files, options, std::move(sources), std::move(lock));
  SKEWLESS_RETURN_IF_ERROR(writer->Begin());
  return writer;
}

}  // namespace skewless
