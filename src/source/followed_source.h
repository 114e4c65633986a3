// Files of JSON lines that are followed: what is appended to the last one is read as it comes, and
// so are files that the source's path matches later.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "decode/record_reader.h"
#include "source/file_head.h"
#include "source/growing_file.h"
#include "source/record_files.h"
#include "source/source.h"

namespace skewless {

// Positions are those of a FileSource: a file, by its name, and how many of its records were read;
// and beside them its head. So a name means one file for good: where another comes to stand under
// it, or the one that is read gets another name, the source reads on to what was its end and stops.
// A line counts once it has its line end, or once there is a later file.
class FollowedSource final : public Source {
 public:
  // Without `wait` it ends where the last file ends.
  FollowedSource(const Definition& definition, uint32_t source, bool wait,
                 std::vector<InputFile> files, KnownRecords known, KnownHeads heads,
                 DeadLetterSink dead_letters);
  Result<bool> Next(size_t max_rows, DurationUs wait_us, Batch* batch) override;
  SourceProgress progress() const override;

 private:
  Result<bool> NextPiece();
  Status OpenFile();
  Result<std::string_view> ReadLines(bool finished);
  void TellHead(bool is_finished);
  Status SkipRecords(int64_t records);
  void BeginPiece(std::string_view lines);
  void EndPiece();
  Status FindNewFiles();
  std::string FormerPath(const InputFile& file) const;
  tl::unexpected<Error> Replaced() const;
  Result<bool> ReadPiece(size_t max_rows, Batch* batch);
  bool finished() const { return at_ + 1 < files_.size(); }

  const Definition& definition_;
  const SourceDefinition& named_;
  const uint32_t source_;
  const bool wait_;
  std::vector<InputFile> files_;
  const KnownRecords known_;
  const DeadLetterSink dead_letters_;
  size_t at_ = 0;                   // of files_: the one that is read
  std::vector<FileIdentity> left_;  // of files_ before at_, as they were then
  std::unique_ptr<GrowingFile> file_;
  std::string head_;  // of file_: FileHead::kMostBytes of the lines that were read
  KnownHeads heads_;  // as the log knows them, or will with the next batch
  std::unique_ptr<RecordReader> piece_;  // reads some whole lines of file_
  int64_t records_before_ = 0;           // the piece, in file_
  int64_t lines_before_ = 0;
  int64_t piece_lines_ = 0;
  std::vector<BadRecord> bad_;
  std::atomic<int64_t> records_{0};
  std::atomic<int64_t> dead_{0};
  std::atomic<double> fraction_{0};
};

}  // namespace skewless
