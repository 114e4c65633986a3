// LogReader over segment files: sequential reads, following what a writer appends meanwhile.
#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "log/log.h"
#include "log/log_format.h"
#include "log/logged_schemas.h"
#include "log/segment_scanner.h"

namespace skewless {
namespace {

using Found = SegmentScanner::Found;

// Looking for a place reads heads; frames between them are mostly larger than this.
constexpr size_t kSeekReadAhead = 16 << 10;
constexpr size_t kReadAhead = 1 << 20;

template <typename T>
void DropFirst(std::vector<T>* values, size_t count) {
  if (values->empty()) return;
  values->erase(values->begin(), values->begin() + static_cast<std::ptrdiff_t>(count));
}

void DropFirstRows(Batch* batch, size_t count) {
  for (Column& column : batch->columns) {
    DropFirst(&column.ints, count);
    DropFirst(&column.doubles, count);
    DropFirst(&column.strings, count);
    DropFirst(&column.valid, count);
  }
  DropFirst(&batch->event_us, count);
  DropFirst(&batch->arrival_us, count);
  DropFirst(&batch->sequence, count);
  DropFirst(&batch->processing_us, count);
  DropFirst(&batch->available_us, count);
  DropFirst(&batch->applied, count);
}

class FileLogReader : public LogReader {
 public:
  FileLogReader(FileSystem& files, std::string directory, std::vector<LoggedSource> sources)
      : files_(files), directory_(std::move(directory)), sources_(std::move(sources)) {}

  Status Begin() {
    SKEWLESS_ASSIGN_OR_RETURN(known_, ListSegments(files_, directory_));
    return {};
  }

  Result<bool> Next(Batch* batch) override {
    for (;;) {
      if (segment_ == nullptr) {
        SKEWLESS_ASSIGN_OR_RETURN(const bool opened, OpenFirst());
        if (!opened) return false;
      }
      if (segment_->last_sequence() >= limit_) return false;
      SKEWLESS_ASSIGN_OR_RETURN(const Found found, segment_->ReadFrame());
      if (found != Found::kFrame) {
        SKEWLESS_ASSIGN_OR_RETURN(const bool more, PastEnd(found));
        if (!more) return false;
        continue;
      }
      if (segment_->head().last_sequence() > limit_) return false;
      SKEWLESS_ASSIGN_OR_RETURN(const bool wanted, Take(batch));
      segment_->Skip();
      if (wanted) return true;
    }
  }

  void SetLimit(Sequence last) override { limit_ = last; }

  Status SeekAfter(Sequence sequence) override {
    SKEWLESS_ASSIGN_OR_RETURN(known_, ListSegments(files_, directory_));
    segment_.reset();
    skip_through_ = sequence;
    last_sequence_ = sequence;
    const auto after = std::upper_bound(
        known_.begin(), known_.end(), sequence,
        [](Sequence wanted, const SegmentFile& file) { return wanted < file.first_sequence; });
    if (after == known_.begin()) return {};
    SKEWLESS_RETURN_IF_ERROR(Enter((after - 1)->first_sequence));
    segment_->SetReadAhead(kSeekReadAhead);
    for (;;) {
      SKEWLESS_ASSIGN_OR_RETURN(const Found found, segment_->ReadHead());
      // Whatever else is here, Next meets it again and says what it means.
      if (found != Found::kFrame || segment_->head().last_sequence() > sequence) break;
      segment_->Skip();
    }
    segment_->SetReadAhead(kReadAhead);
    return {};
  }

  Sequence last_sequence() const override { return last_sequence_; }

 private:
  // How a source of the current segment's header is read.
  struct Mapping {
    int wanted = -1;  // index in sources_, or -1: nobody wants it
    std::optional<Error> unreadable;
  };

  Result<bool> OpenFirst() {
    if (known_.empty()) {
      SKEWLESS_ASSIGN_OR_RETURN(known_, ListSegments(files_, directory_));
      if (known_.empty()) return false;
    }
    SKEWLESS_RETURN_IF_ERROR(Enter(known_.front().first_sequence));
    if (segment_->header().before.last_sequence == 0) return true;
    const std::string path = segment_->path();
    segment_.reset();
    return CorruptLog(path, 0, "this is the first segment, but the log began earlier");
  }

  Status Enter(Sequence first_sequence) {
    SKEWLESS_ASSIGN_OR_RETURN(auto segment,
                              SegmentScanner::Open(files_, directory_, first_sequence));
    if (segment_ != nullptr) SKEWLESS_RETURN_IF_ERROR(CheckFollows(*segment));
    segment_ = std::move(segment);
    frames_at_ = segment_->offset();
    mapping_.clear();
    for (const LoggedSource& logged : segment_->header().sources) {
      Mapping& mapping = mapping_.emplace_back();
      mapping.wanted = FindSource(sources_, logged.name);
      if (mapping.wanted < 0) continue;
      const Status readable =
          CheckReadable(logged, sources_[static_cast<size_t>(mapping.wanted)], segment_->path());
      if (!readable) mapping.unreadable = readable.error();
    }
    return {};
  }

  // A successor names the last sequence before it, so a segment that is missing or was cut at its
  // end does not go unseen.
  Status CheckFollows(const SegmentScanner& next) const {
    if (next.header().identity != segment_->header().identity) {
      return CorruptLog(next.path(), 0, "this segment belongs to another log");
    }
    if (next.header().before.last_sequence < segment_->last_sequence()) {
      return Fail(ErrorCode::kUnavailable,
                  segment_->path() +
                      ": a newer engine took the log over, and the last records that "
                      "were read here are no part of it",
                  "Read the log again.");
    }
    if (next.header().before.last_sequence != segment_->last_sequence()) {
      return CorruptLog(segment_->path(), segment_->offset(),
                        "records between this place and the segment " +
                            SegmentName(next.header().first_sequence) + " are missing");
    }
    return {};
  }

  // The segment after the current one, where there is one. After those that were there at the
  // start only two names are possible: the next sequence of this epoch, or the next epoch's first.
  std::optional<Sequence> Successor() {
    const Sequence current = segment_->header().first_sequence;
    for (const SegmentFile& file : known_) {
      if (file.first_sequence > current) return file.first_sequence;
    }
    for (const Sequence next :
         {segment_->next_sequence(), MakeSequence(segment_->header().epoch + 1, 1)}) {
      if (next != current && files_.Exists(JoinPath(directory_, SegmentName(next)))) return next;
    }
    return std::nullopt;
  }

  // No frame was found. True where there is something to read now.
  Result<bool> PastEnd(Found found) {
    const std::optional<Sequence> successor = Successor();
    if (!successor) {
      if (found == Found::kBroken) return LookAgain();
      return segment_->offset() == frames_at_ ? EnterAnew() : Result<bool>(false);
    }
    // The writer may have completed this segment between our look at it and at its successor.
    SKEWLESS_RETURN_IF_ERROR(segment_->Reopen());
    SKEWLESS_ASSIGN_OR_RETURN(found, segment_->ReadFrame());
    if (found == Found::kFrame) return true;
    if (found != Found::kEnd) return segment_->Corrupt();
    SKEWLESS_RETURN_IF_ERROR(Enter(*successor));
    return true;
  }

  // The next writer makes a segment anew in which nobody wrote anything.
  Result<bool> EnterAnew() {
    SKEWLESS_RETURN_IF_ERROR(Enter(segment_->header().first_sequence));
    SKEWLESS_ASSIGN_OR_RETURN(const Found found, segment_->ReadFrame());
    return found == Found::kFrame;
  }

  // Bytes that are no frame, in the last segment: damage if they had been durable, else what a
  // crash left, which the next writer cuts, or a write that is under way.
  Result<bool> LookAgain() {
    SKEWLESS_ASSIGN_OR_RETURN(const bool damaged, segment_->WasDurable());
    if (!damaged) return false;
    segment_->Forget();
    SKEWLESS_ASSIGN_OR_RETURN(const Found found, segment_->ReadFrame());
    if (found == Found::kFrame) return true;
    return segment_->Corrupt();
  }

  // Decodes the frame found, if somebody wants it.
  Result<bool> Take(Batch* batch) {
    const FrameHead& head = segment_->head();
    const Mapping& mapping = mapping_[head.source];
    if (head.rows == 0 || mapping.wanted < 0 || head.last_sequence() <= skip_through_) return false;
    if (mapping.unreadable) return tl::unexpected<Error>(*mapping.unreadable);
    const LoggedSource& wanted = sources_[static_cast<size_t>(mapping.wanted)];
    const Status decoded = DecodeBatch(
        segment_->payload(), segment_->header().sources[head.source].schema, wanted.schema, batch);
    if (!decoded) return segment_->Undecodable(decoded.error());
    if (batch->rows() != head.rows || batch->sequence.size() != head.rows ||
        batch->sequence.front() != head.first_sequence) {
      return CorruptLog(segment_->path(), segment_->offset(), "a frame's head belies its payload");
    }
    batch->source = static_cast<uint32_t>(mapping.wanted);
    if (head.first_sequence <= skip_through_) {
      DropFirstRows(batch, static_cast<size_t>(skip_through_ - head.first_sequence + 1));
    }
    last_sequence_ = batch->sequence.back();
    return true;
  }

  FileSystem& files_;
  const std::string directory_;
  const std::vector<LoggedSource> sources_;
  std::vector<SegmentFile> known_;
  std::unique_ptr<SegmentScanner> segment_;
  uint64_t frames_at_ = 0;        // its header's end
  std::vector<Mapping> mapping_;  // by the source of the current segment's frames
  Sequence skip_through_ = 0;
  Sequence last_sequence_ = 0;
  Sequence limit_ = std::numeric_limits<Sequence>::max();
};

}  // namespace

Result<std::unique_ptr<LogReader>> LogReader::Open(FileSystem& files, const std::string& directory,
                                                   std::vector<LoggedSource> sources) {
  auto reader = std::make_unique<FileLogReader>(files, directory, std::move(sources));
  SKEWLESS_RETURN_IF_ERROR(reader->Begin());
  return reader;
}

}  // namespace skewless
