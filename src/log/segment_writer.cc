#include "log/segment_writer.h"

namespace skewless {

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(FileSystem& files,
                                                             const FileLock& lock,
                                                             const std::string& directory,
                                                             const SegmentHeader& header) {
  const std::string name = SegmentName(header.first_sequence);
  const std::string path = JoinPath(directory, name);
  const std::string unfinished = UnfinishedPath(path, lock, kUnfinishedSuffix);
  Bytes bytes;
  EncodeSegmentHeader(header, &bytes);
  if (bytes.size() > kMaxSegmentHeaderBytes) {
    return Fail(ErrorCode::kInvalid, path + ": the positions of all sources exceed 1 GiB",
                "Begin a new log, or have fewer files in each source.");
  }
  std::unique_ptr<SegmentWriter> segment(new SegmentWriter);
  SKEWLESS_ASSIGN_OR_RETURN(segment->file_, files.Create(unfinished));
  SKEWLESS_RETURN_IF_ERROR(segment->file_->Append(bytes));
  SKEWLESS_RETURN_IF_ERROR(segment->file_->Sync());
  SKEWLESS_RETURN_IF_ERROR(Publish(files, lock, unfinished, path));
  segment->seed_ = FrameSeed(header);
  segment->header_bytes_ = segment->durable_bytes_ = bytes.size();
  return segment;
}

Status SegmentWriter::Append(FrameHead head, Bytes* frame) {
  const size_t payload = frame->size() - kFrameHeadBytes;
  head.payload_bytes = static_cast<uint32_t>(payload);
  head.durable_bytes = durable_bytes_;
  head.payload_checksum = Hash64(ByteView(*frame).subspan(kFrameHeadBytes), seed_);
  EncodeFrameHead(head, seed_, frame->data());
  return file_->Append(*frame);
}

Status SegmentWriter::Sync() {
  if (synced()) return {};
  const uint64_t size = bytes();
  SKEWLESS_RETURN_IF_ERROR(file_->Sync());
  durable_bytes_ = size;
  return {};
}

void SegmentWriter::CutToDurable() {
  // Should this fail too, the bytes stay and opening the log anew takes them for a part of it,
  // though a power cut may still take them away (docs/formats/log.md, "When a sync fails").
  static_cast<void>(file_->Truncate(durable_bytes_));
}

}  // namespace skewless
