// The records of a source's files, one file after the other, with bad ones handed to the sink.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "decode/dead_letter.h"
#include "decode/record_reader.h"
#include "source/input_files.h"

namespace skewless {

// By stream: how many of its records an earlier run has dealt with.
using KnownRecords = std::map<std::string, int64_t>;

class RecordFiles {
 public:
  // kSkip: known records are passed over. kReread: they are read again, but their dead letters are
  // not reported again.
  enum class Known { kSkip, kReread };

  RecordFiles(const SourceDefinition& source, bool replay, std::vector<InputFile> files,
              KnownRecords known, Known mode, DeadLetterSink dead_letters);

  // Before the first Read: columns that nobody looks at (see DecodeOptions).
  void set_needed_columns(std::vector<uint8_t> needed) { needed_ = std::move(needed); }

  // Appends rows of at most `max_records` records of one file to the batch's columns, and sets
  // event_us. False when all files are done. Known and new records never come together.
  Result<bool> Read(size_t max_records, Batch* batch);

  // Of the last Read: the file and how many of its records were read by now, and whether the
  // records were known.
  SourcePosition position() const { return {files_[file_].stream, reader_->next_record()}; }
  bool was_known() const { return was_known_; }

  // Of files that were read to their end: how many records each has.
  const std::vector<SourcePosition>& ends() const { return ends_; }

  // Safe from other threads. Dead letters are those of known records no more: they were reported.
  int64_t records() const { return records_.load(std::memory_order_relaxed); }
  int64_t dead_letters() const { return dead_.load(std::memory_order_relaxed); }
  double fraction() const { return fraction_.load(std::memory_order_relaxed); }

 private:
  Status OpenFile();
  void CloseFile();
  Status Report(const std::vector<BadRecord>& bad);
  int64_t known(const std::string& stream) const;

  const SourceDefinition& source_;
  const bool replay_;
  const std::vector<InputFile> files_;
  const KnownRecords known_;
  const Known mode_;
  const DeadLetterSink dead_letters_;
  std::vector<uint8_t> needed_;
  double total_bytes_ = 0;
  double done_bytes_ = 0;  // of files before the open one
  size_t file_ = 0;
  std::unique_ptr<RecordReader> reader_;
  bool was_known_ = false;
  std::vector<SourcePosition> ends_;
  std::vector<BadRecord> bad_;
  std::atomic<int64_t> records_{0};
  std::atomic<int64_t> dead_{0};
  std::atomic<double> fraction_{0};
};

}  // namespace skewless
