#include "source/followed_source.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "source/open_reader.h"

namespace skewless {
namespace {

class LinesInMemory final : public ByteStream {
 public:
  explicit LinesInMemory(std::string_view lines) : lines_(lines) {}
  Result<size_t> Read(std::span<uint8_t> out) override {
    const size_t size = std::min(out.size(), lines_.size() - read_);
    std::memcpy(out.data(), lines_.data() + read_, size);
    read_ += size;
    return size;
  }
  uint64_t bytes_read() const override { return read_; }
  uint64_t file_bytes() const override { return lines_.size(); }

 private:
  const std::string_view lines_;
  size_t read_ = 0;
};

// Readers of JSON lines pass over such lines: they are no records.
bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

FollowedSource::FollowedSource(const Definition& definition, uint32_t source, bool wait,
                               std::vector<InputFile> files, KnownRecords known, KnownHeads heads,
                               DeadLetterSink dead_letters)
    : definition_(definition),
      named_(definition.sources[source]),
      source_(source),
      wait_(wait),
      files_(std::move(files)),
      known_(std::move(known)),
      dead_letters_(std::move(dead_letters)),
      heads_(std::move(heads)) {}

SourceProgress FollowedSource::progress() const {
  return {records_.load(std::memory_order_relaxed), dead_.load(std::memory_order_relaxed),
          fraction_.load(std::memory_order_relaxed)};
}

Result<bool> FollowedSource::Next(size_t max_rows, DurationUs wait_us, Batch* batch) {
  batch->Reset(&named_.schema, source_);
  for (bool waited = false;;) {
    if (!piece_) {
      // Asked before the file is read to its end: what its writer had to say before is read first.
      const bool is_replaced = file_ && file_->IsReplaced();
      SKEWLESS_ASSIGN_OR_RETURN(const bool found, NextPiece());
      if (!found) {
        if (is_replaced) return Replaced();
        if (!wait_) return false;
        if (waited) {
          SKEWLESS_RETURN_IF_ERROR(FindNewFiles());
          return true;
        }
        file_->Wait(wait_us);
        waited = true;
        continue;
      }
    }
    SKEWLESS_ASSIGN_OR_RETURN(const bool any, ReadPiece(max_rows, batch));
    if (any) return true;
    EndPiece();
  }
}

// False when everything that is there has been read.
Result<bool> FollowedSource::NextPiece() {
  while (true) {
    if (!file_) {
      SKEWLESS_RETURN_IF_ERROR(OpenFile());
      if (piece_) return true;
    }
    // Asked before the file is read: what was appended before a later file came is read first.
    const bool finished_now = finished();
    SKEWLESS_ASSIGN_OR_RETURN(const std::string_view lines, ReadLines(finished_now));
    fraction_.store(file_->fraction(), std::memory_order_relaxed);
    if (!lines.empty()) {
      BeginPiece(lines);
      return true;
    }
    if (!finished_now) return false;
    TellHead(true);
    left_.push_back(file_->identity());
    file_.reset();
    ++at_;
  }
}

Status FollowedSource::OpenFile() {
  SKEWLESS_ASSIGN_OR_RETURN(file_, GrowingFile::Open(files_[at_].path));
  records_before_ = lines_before_ = 0;
  head_.clear();
  const auto known = known_.find(files_[at_].stream);
  return known == known_.end() ? Status() : SkipRecords(known->second);
}

Result<std::string_view> FollowedSource::ReadLines(bool finished) {
  SKEWLESS_ASSIGN_OR_RETURN(const std::string_view lines, file_->ReadLines(finished));
  head_ += lines.substr(0, FileHead::kMostBytes - head_.size());
  return lines;
}

// To the log, with the next batch, where it has another.
void FollowedSource::TellHead(bool is_finished) {
  const std::string& stream = files_[at_].stream;
  const int64_t offset = FileHead(head_).ToOffset(is_finished);
  int64_t& known = heads_.by_stream[stream];
  if (head_.empty() || known == offset) return;
  known = offset;
  heads_.to_tell.push_back({HeadStream(stream), offset});
}

// Lines after the last record that is passed over, but read with it, become the first piece.
Status FollowedSource::SkipRecords(int64_t records) {
  while (records_before_ < records) {
    SKEWLESS_ASSIGN_OR_RETURN(std::string_view lines, ReadLines(finished()));
    if (lines.empty())
      return TooFewRecords(files_[at_].path, records_before_, records - records_before_);
    while (!lines.empty() && records_before_ < records) {
      const size_t end = std::min(lines.find('\n'), lines.size() - 1);
      if (!IsBlank(lines.substr(0, lines[end] == '\n' ? end : end + 1))) ++records_before_;
      ++lines_before_;
      lines.remove_prefix(end + 1);
    }
    if (!lines.empty()) BeginPiece(lines);
  }
  return {};
}

void FollowedSource::BeginPiece(std::string_view lines) {
  piece_lines_ = std::count(lines.begin(), lines.end(), '\n');
  piece_ = ReadJsonLinesOf(named_, std::make_unique<LinesInMemory>(lines), files_[at_].path);
}

void FollowedSource::EndPiece() {
  records_before_ += piece_->next_record();
  lines_before_ += piece_lines_;
  piece_.reset();
}

// False at the piece's end.
Result<bool> FollowedSource::ReadPiece(size_t max_rows, Batch* batch) {
  const int64_t before = piece_->next_record();
  bad_.clear();
  SKEWLESS_ASSIGN_OR_RETURN(const bool any, piece_->Read(max_rows, batch, &bad_));
  if (!any) return false;
  const std::string& stream = files_[at_].stream;
  for (const BadRecord& record : bad_) {
    dead_.fetch_add(1, std::memory_order_relaxed);
    if (!dead_letters_) continue;
    SKEWLESS_RETURN_IF_ERROR(
        dead_letters_({named_.name, stream, records_before_ + record.record,
                       lines_before_ + record.line, record.reason, record.text}));
  }
  records_.fetch_add(piece_->next_record() - before, std::memory_order_relaxed);
  batch->event_us = batch->columns[static_cast<size_t>(named_.event_timestamp)].ints;
  batch->positions.push_back({stream, records_before_ + piece_->next_record()});
  TellHead(false);
  std::move(heads_.to_tell.begin(), heads_.to_tell.end(), std::back_inserter(batch->positions));
  heads_.to_tell.clear();
  return true;
}

tl::unexpected<Error> FollowedSource::Replaced() const {
  return Fail(
      ErrorCode::kInvalid,
      files_[at_].path + ": another file was put in its place, after " +
          std::to_string(records_before_) + " records of it",
      "Followed files aren't rotated under one name: positions in the log are by name. Give "
      "each a name of its own that the source's path matches, as in clicks-2.jsonl after "
      "clicks-1.jsonl: give the new file such a name, and put the old one back.");
}

// The path under which the file was read, or is being read. Empty where it is another file.
std::string FollowedSource::FormerPath(const InputFile& file) const {
  if (file_->IsAt(file.path)) return files_[at_].path;
  const FileIdentity identity = IdentityOf(file.path);
  const auto same = std::find(left_.begin(), left_.end(), identity);
  if (identity.bytes == 0 || same == left_.end()) return {};
  return files_[static_cast<size_t>(same - left_.begin())].path;
}

// Files that are gone stay as they are: they were read, or are being read.
Status FollowedSource::FindNewFiles() {
  const auto found = FindInputFiles(definition_, named_);
  if (!found) return {};
  for (const InputFile& file : *found) {
    const auto same = [&](const InputFile& known) { return known.path == file.path; };
    if (std::any_of(files_.begin(), files_.end(), same)) continue;
    if (const std::string former = FormerPath(file); !former.empty()) {
      return Fail(ErrorCode::kInvalid,
                  file.path + ": is the file that was followed as '" + former +
                      "', renamed: its records would come twice",
                  "Give it its name back: followed files keep theirs. A new one is begun under a "
                  "name that comes after it.");
    }
    files_.push_back(file);
  }
  return {};
}

}  // namespace skewless
