#include "source/spill_runs.h"

#include <array>

#include "base/check.h"
#include "model/batch_encoding.h"

namespace skewless {
namespace {

constexpr std::string_view kMagic = "SKWSPIL1";
constexpr size_t kFrameHead = 4 + 8;  // size, checksum

}  // namespace

Result<std::unique_ptr<SpillRuns>> SpillRuns::Create(const std::string& path) {
  FileSystem& files = SystemFiles();
  SKEWLESS_RETURN_IF_ERROR(files.CreateDirectories(std::string(ParentPath(path))));
  SKEWLESS_ASSIGN_OR_RETURN(auto writer, files.Create(path));
  std::unique_ptr<SpillRuns> runs(new SpillRuns(path, std::move(writer)));
  SKEWLESS_RETURN_IF_ERROR(runs->writer_->Append(AsBytes(kMagic)));
  return runs;
}

// A leftover would only take space: the next sort of this source makes the file anew.
SpillRuns::~SpillRuns() { static_cast<void>(SystemFiles().Remove(path_)); }

void SpillRuns::BeginRun() { runs_.push_back({writer_->size(), writer_->size()}); }

Status SpillRuns::Append(const Batch& batch) {
  SKEWLESS_CHECK(batch.rows() <= kFrameRows && !runs_.empty());
  frame_.assign(kFrameHead, 0);
  EncodeBatch(batch, 0, batch.rows(), &frame_);
  const ByteView payload = ByteView(frame_).subspan(kFrameHead);
  StoreLe<uint32_t>(frame_.data(), static_cast<uint32_t>(payload.size()));
  StoreLe<uint64_t>(frame_.data() + 4, Hash64(payload));
  SKEWLESS_RETURN_IF_ERROR(writer_->Append(frame_));
  runs_.back().end = writer_->size();
  return {};
}

Status SpillRuns::Finish() {
  writer_.reset();
  SKEWLESS_ASSIGN_OR_RETURN(reader_, SystemFiles().OpenRead(path_));
  return {};
}

Result<bool> SpillRuns::Read(size_t run, Batch* batch) {
  Run& at = runs_[run];
  if (at.next == at.end) return false;
  std::array<uint8_t, kFrameHead> head{};
  SKEWLESS_ASSIGN_OR_RETURN(size_t got, reader_->Read(at.next, head));
  const auto size = got == head.size() ? LoadLe<uint32_t>(head.data()) : 0;
  if (got == head.size() && at.next + kFrameHead + size <= at.end) {
    frame_.resize(size);
    SKEWLESS_ASSIGN_OR_RETURN(got, reader_->Read(at.next + kFrameHead, frame_));
  }
  if (got != size || size == 0 || Hash64(frame_) != LoadLe<uint64_t>(head.data() + 4)) {
    return Fail(ErrorCode::kCorrupt,
                path_ + ": the spill file is damaged at byte " + std::to_string(at.next),
                "Check the disk and start again: the file is made anew.");
  }
  at.next += kFrameHead + size;
  SKEWLESS_RETURN_IF_ERROR(DecodeBatch(frame_, *batch->schema, *batch->schema, batch));
  return true;
}

}  // namespace skewless
