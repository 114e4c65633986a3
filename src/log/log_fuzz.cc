// Any bytes as a segment: readers and inspection end, return errors and never records out of order.
// Half of the inputs get a valid header and valid checksums, so that what lies behind them is
// reached, too.
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "log/log_format.h"
#include "log/test_clicks.h"

namespace skewless {
namespace {

class MemoryFile : public RandomFile {
 public:
  explicit MemoryFile(const Bytes* bytes) : bytes_(bytes) {}
  Result<size_t> Read(uint64_t offset, std::span<uint8_t> out) const override {
    if (offset >= bytes_->size()) return size_t{0};
    const size_t size = std::min<size_t>(out.size(), bytes_->size() - offset);
    if (size > 0) std::memcpy(out.data(), bytes_->data() + offset, size);
    return size;
  }
  Result<uint64_t> Size() const override { return uint64_t{bytes_->size()}; }

 private:
  const Bytes* bytes_;
};

// A directory with one segment, to read.
class OneSegment : public FileSystem {
 public:
  OneSegment(Sequence first, const Bytes* bytes) : name_(SegmentName(first)), bytes_(bytes) {}
  Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string&) override { return No(); }
  Result<std::unique_ptr<AppendFile>> Create(const std::string&) override { return No(); }
  Result<std::unique_ptr<RandomFile>> OpenRead(const std::string&) override {
    return std::make_unique<MemoryFile>(bytes_);
  }
  Status Truncate(const std::string&, uint64_t) override { return No(); }
  Status Rename(const std::string&, const std::string&) override { return No(); }
  Status Remove(const std::string&) override { return No(); }
  Status CreateDirectories(const std::string&) override { return No(); }
  Status SyncDirectory(const std::string&) override { return No(); }
  Result<std::vector<DirectoryEntry>> List(const std::string&) override {
    return std::vector<DirectoryEntry>{{name_, false, bytes_->size()}};
  }
  bool Exists(const std::string&) override { return false; }
  Result<std::unique_ptr<FileLock>> Lock(const std::string&) override { return No(); }

 private:
  static tl::unexpected<Error> No() { return Fail(ErrorCode::kUnsupported, "only to read"); }
  std::string name_;
  const Bytes* bytes_;
};

// Frames from the input: a byte of rows, of frames left and of source, a length, the payload.
void AppendFrames(ByteReader input, const SegmentHeader& header, Bytes* segment) {
  Sequence next = header.first_sequence;
  while (input.remaining() >= 5) {
    FrameHead head;
    head.first_sequence = next;
    head.rows = input.Get<uint8_t>();
    head.frames_left = input.Get<uint8_t>() % 4;
    head.source = input.Get<uint8_t>() % 4;
    const size_t wanted = input.Get<uint16_t>();
    const ByteView payload = input.GetRaw(std::min(wanted, input.remaining()));
    head.payload_bytes = static_cast<uint32_t>(payload.size());
    head.payload_checksum = Hash64(payload, FrameSeed(header));
    next += head.rows;
    const size_t at = segment->size();
    segment->resize(at + kFrameHeadBytes);
    EncodeFrameHead(head, FrameSeed(header), segment->data() + at);
    PutRaw(*segment, payload);
  }
}

void ReadAll(FileSystem& files) {
  auto reader = LogReader::Open(files, "log", {ClicksSource()});
  if (!reader) return;
  Batch batch;
  Sequence last = 0;
  for (;;) {
    const Result<bool> more = (*reader)->Next(&batch);
    if (!more || !*more) break;
    SKEWLESS_CHECK(batch.rows() > 0);
    for (const Sequence sequence : batch.sequence) {
      SKEWLESS_CHECK(sequence > last);
      last = sequence;
    }
  }
  static_cast<void>((*reader)->SeekAfter(last / 2));
  static_cast<void>((*reader)->Next(&batch));
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  if (size < 1) return 0;
  const ByteView input(data + 1, size - 1);
  Bytes segment;
  if ((data[0] & 1) != 0) {
    SegmentHeader header;
    header.identity = 1;
    header.epoch = 1;
    header.first_sequence = MakeSequence(1, 1);
    header.sources = {ClicksSource(), {"views", {}}};
    EncodeSegmentHeader(header, &segment);
    AppendFrames(ByteReader(input), header, &segment);
  } else {
    segment.assign(input.begin(), input.end());
  }
  OneSegment files(MakeSequence(1, 1), &segment);
  ReadAll(files);
  const auto by_heads = InspectLog(files, "log", false);
  const auto verified = InspectLog(files, "log", true);
  // Who looks closer finds no more than who looked at the heads.
  if (by_heads && verified) SKEWLESS_CHECK(verified->front().records <= by_heads->front().records);
  return 0;
}
