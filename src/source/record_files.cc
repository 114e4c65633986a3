#include "source/record_files.h"

#include <algorithm>

#include "source/open_reader.h"

namespace skewless {

RecordFiles::RecordFiles(const SourceDefinition& source, bool replay, std::vector<InputFile> files,
                         KnownRecords known, Known mode, DeadLetterSink dead_letters)
    : source_(source),
      replay_(replay),
      files_(std::move(files)),
      known_(std::move(known)),
      mode_(mode),
      dead_letters_(std::move(dead_letters)) {
  for (const InputFile& file : files_) total_bytes_ += static_cast<double>(file.bytes);
}

int64_t RecordFiles::known(const std::string& stream) const {
  const auto found = known_.find(stream);
  return found == known_.end() ? 0 : found->second;
}

Status RecordFiles::OpenFile() {
  SKEWLESS_ASSIGN_OR_RETURN(reader_, OpenReader(source_, replay_, files_[file_].path, needed_));
  if (mode_ == Known::kSkip) return reader_->Skip(known(files_[file_].stream));
  return {};
}

void RecordFiles::CloseFile() {
  ends_.push_back({files_[file_].stream, reader_->next_record()});
  done_bytes_ += static_cast<double>(files_[file_].bytes);
  reader_.reset();
  ++file_;
}

Result<bool> RecordFiles::Read(size_t max_records, Batch* batch) {
  while (file_ < files_.size()) {
    if (!reader_) SKEWLESS_RETURN_IF_ERROR(OpenFile());
    const int64_t before = reader_->next_record();
    const int64_t known_left = known(files_[file_].stream) - before;
    was_known_ = known_left > 0;
    const size_t limit =
        was_known_ ? std::min(max_records, static_cast<size_t>(known_left)) : max_records;
    bad_.clear();
    SKEWLESS_ASSIGN_OR_RETURN(const bool any, reader_->Read(limit, batch, &bad_));
    if (any) {
      records_.fetch_add(reader_->next_record() - before, std::memory_order_relaxed);
      const double bytes = done_bytes_ + static_cast<double>(reader_->bytes_read());
      fraction_.store(total_bytes_ > 0 ? std::min(1.0, bytes / total_bytes_) : 1,
                      std::memory_order_relaxed);
      const Column& event = batch->columns[static_cast<size_t>(source_.event_timestamp)];
      batch->event_us.insert(
          batch->event_us.end(),
          event.ints.begin() + static_cast<std::ptrdiff_t>(batch->event_us.size()),
          event.ints.end());
      SKEWLESS_RETURN_IF_ERROR(Report(bad_));
      return true;
    }
    CloseFile();
  }
  fraction_.store(1, std::memory_order_relaxed);
  return false;
}

Status RecordFiles::Report(const std::vector<BadRecord>& bad) {
  if (was_known_) return {};
  dead_.fetch_add(static_cast<int64_t>(bad.size()), std::memory_order_relaxed);
  if (!dead_letters_) return {};
  const std::string& stream = files_[file_].stream;
  for (const BadRecord& record : bad) {
    SKEWLESS_RETURN_IF_ERROR(dead_letters_(
        {source_.name, stream, record.record, record.line, record.reason, record.text}));
  }
  return {};
}

}  // namespace skewless
