#include "offline/table_merge.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "offline/view_table.h"

namespace skewless {
namespace {

constexpr int64_t kMostBatchRows = 16 << 10;
// To open a file costs about what so many rows do.
constexpr int64_t kRowsOfOpening = 1024;

}  // namespace

TableMerge::TableMerge(FileSystem& files, std::string directory, const OfflineManifest& manifest,
                       const std::vector<size_t>& inputs, uint64_t writer)
    : files_(files), directory_(std::move(directory)) {
  output_ = manifest.files[inputs.front()];
  output_.rows = output_.bytes = 0;
  for (const size_t i : inputs) {
    const OfflineFileInfo& file = manifest.files[i];
    inputs_.push_back({file.path, file.rows, {manifest.checksums[i], file.bytes}});
    output_.rows += file.rows;
    output_.first_sequence = std::min(output_.first_sequence, file.first_sequence);
    output_.last_sequence = std::max(output_.last_sequence, file.last_sequence);
  }
  // A name that no other file ever has: each merge of the same rows adds others.
  output_.path = fmt::format("{}/part-{:016x}-{:016x}.parquet", ParentPath(output_.path),
                             output_.first_sequence, output_.last_sequence);
  temporary_ = TemporaryName(output_.path, writer);
}

bool TableMerge::IsInput(const std::string& path) const {
  return std::any_of(inputs_.begin(), inputs_.end(),
                     [&](const Input& input) { return input.path == path; });
}

// Damage must not come into a file whose checksum fits.
Status TableMerge::CheckInput() const {
  const Input& input = inputs_[next_];
  const std::string path = JoinPath(directory_, input.path);
  SKEWLESS_ASSIGN_OR_RETURN(const FileDigest found, DigestOf(files_, path));
  if (found == input.digest) return {};
  return Fail(ErrorCode::kCorrupt, path + ": the checksum does not fit the manifest's",
              "Restore it from a copy, or " + MoveAway(directory_));
}

Status TableMerge::OpenInput(int64_t batch_rows) {
  SKEWLESS_RETURN_IF_ERROR(CheckInput());
  const std::string path = JoinPath(directory_, inputs_[next_].path);
  SKEWLESS_ASSIGN_OR_RETURN(reader_, TableFileReader::Open(files_, path, batch_rows));
  read_ = 0;
  if (writer_ != nullptr) return {};
  const std::string temporary = JoinPath(directory_, temporary_);
  SKEWLESS_RETURN_IF_ERROR(files_.CreateDirectories(std::string(ParentPath(temporary))));
  SKEWLESS_ASSIGN_OR_RETURN(writer_,
                            TableFileWriter::Create(files_, temporary, *reader_->schema()));
  return {};
}

// Once more: what was read came from the disk since it was opened.
Status TableMerge::CloseInput() {
  reader_.reset();
  SKEWLESS_RETURN_IF_ERROR(CheckInput());
  const Input& input = inputs_[next_++];
  if (read_ == input.rows) return {};
  return Fail(ErrorCode::kCorrupt,
              fmt::format("{}: holds {} rows, and the manifest says {}",
                          JoinPath(directory_, input.path), read_, input.rows));
}

Result<bool> TableMerge::Step(int64_t rows) {
  while (rows > 0 && next_ < inputs_.size()) {
    if (reader_ == nullptr) {
      SKEWLESS_RETURN_IF_ERROR(OpenInput(std::min(rows, kMostBatchRows)));
      rows -= kRowsOfOpening;
    }
    SKEWLESS_ASSIGN_OR_RETURN(const auto batch, reader_->Next());
    if (batch == nullptr) {
      SKEWLESS_RETURN_IF_ERROR(CloseInput());
      continue;
    }
    SKEWLESS_RETURN_IF_ERROR(writer_->Append(*batch));
    read_ += batch->num_rows();
    rows -= batch->num_rows();
  }
  if (next_ < inputs_.size()) return false;
  SKEWLESS_RETURN_IF_ERROR(Finish());
  return true;
}

Status TableMerge::Finish() {
  SKEWLESS_ASSIGN_OR_RETURN(const FileDigest digest, writer_->Finish());
  writer_.reset();
  output_.bytes = digest.bytes;
  checksum_ = digest.checksum;
  return files_.SyncDirectory(std::string(ParentPath(JoinPath(directory_, temporary_))));
}

void TableMerge::Abandon() {
  reader_.reset();
  writer_.reset();
  // Where it can't be removed, the next start does.
  static_cast<void>(files_.Remove(JoinPath(directory_, temporary_)));
}

}  // namespace skewless
