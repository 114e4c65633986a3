// Any bytes as a segment: readers and inspection end, return errors and never records out of order.
// Half of the inputs get a valid header and valid checksums, so that what lies behind them is
// reached, too.
#include <algorithm>

#include "base/check.h"
#include "base/memory_files_fixture.h"
#include "log/log_format.h"
#include "log/test_clicks.h"

namespace skewless {
namespace {

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
  MemoryFiles files;
  files.Put("log/" + SegmentName(MakeSequence(1, 1)), std::move(segment));
  ReadAll(files);
  const auto by_heads = InspectLog(files, "log", false);
  const auto verified = InspectLog(files, "log", true);
  // Who looks closer finds no more than who looked at the heads.
  if (by_heads && verified) SKEWLESS_CHECK(verified->front().records <= by_heads->front().records);
  return 0;
}
