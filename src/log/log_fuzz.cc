// Any bytes as a segment: readers, inspection and recovery end and return errors, never records out
// of order. Recovery keeps every record that a reader was given, and what is appended then is read
// behind them. Half of the inputs get a valid header and valid checksums, so that what lies behind
// them is reached, too.
#include <algorithm>

#include "base/check.h"
#include "base/memory_files_fixture.h"
#include "log/log_format.h"
#include "log/test_clicks.h"

namespace skewless {
namespace {

// Frames from the input: a byte of rows, of frames left and of source, a length, the payload. The
// source's highest bit says that all before the frame was durable when it was written.
void AppendFrames(ByteReader input, const SegmentHeader& header, Bytes* segment) {
  Sequence next = header.first_sequence;
  while (input.remaining() >= 5) {
    FrameHead head;
    head.first_sequence = next;
    head.rows = input.Get<uint8_t>();
    head.frames_left = input.Get<uint8_t>() % 4;
    const auto source = input.Get<uint8_t>();
    head.source = source % 4;
    if ((source & 0x80) != 0) head.durable_bytes = segment->size();
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

std::vector<LoggedSource> Sources() { return {ClicksSource(), {"views", {}}}; }

struct Reading {
  std::vector<Bytes> batches;  // as they were read, encoded anew
  std::vector<Sequence> sequences;
  bool whole = false;  // ended without an error
};

// Goes on from where the reader is.
Reading ReadOn(LogReader* reader) {
  Reading reading;
  Batch batch;
  for (;;) {
    const Result<bool> more = reader->Next(&batch);
    reading.whole = more.has_value();
    if (!more || !*more) return reading;
    SKEWLESS_CHECK(batch.rows() > 0);
    for (const Sequence sequence : batch.sequence) {
      SKEWLESS_CHECK(reading.sequences.empty() || sequence > reading.sequences.back());
      reading.sequences.push_back(sequence);
    }
    EncodeBatch(batch, 0, batch.rows(), &reading.batches.emplace_back());
  }
}

Reading ReadAnew(FileSystem& files) {
  const auto reader = LogReader::Open(files, "log", Sources());
  SKEWLESS_CHECK(reader.has_value());
  return ReadOn(reader->get());
}

// Who begins amid the log reads the rest of it.
void CheckSeek(FileSystem& files, const Reading& all) {
  if (all.sequences.empty()) return;
  const size_t half = all.sequences.size() / 2;
  const auto reader = LogReader::Open(files, "log", Sources());
  const bool found = reader && (*reader)->SeekAfter(all.sequences[half]).has_value();
  if (!all.whole) return;
  SKEWLESS_CHECK(found);
  const Reading rest = ReadOn(reader->get());
  SKEWLESS_CHECK(rest.whole && std::equal(rest.sequences.begin(), rest.sequences.end(),
                                          all.sequences.begin() + static_cast<ptrdiff_t>(half) + 1,
                                          all.sequences.end()));
}

// `follower` has read `before` up to its end.
void CheckRecovery(FileSystem& files, bool take_over, LogReader* follower, Reading before) {
  LogOptions options{.directory = "log"};
  options.take_over = take_over;
  const auto writer = LogWriter::Open(files, options, Sources());
  if (!writer) SKEWLESS_CHECK(writer.error().message.starts_with("log"));
  // Whether it was opened or refused, nobody's records have gone.
  const Reading after = ReadAnew(files);
  SKEWLESS_CHECK(after.batches == before.batches && after.whole == before.whole);
  if (!writer) return;
  const LoggedSource clicks = ClicksSource();
  Batch batch;
  MakeClicks(clicks.schema, 0, 3, 1, &batch);
  SKEWLESS_CHECK((*writer)->Append(&batch).has_value() && (*writer)->Sync().has_value());
  // Recovery looks at fewer columns than readers, who may have met what they cannot read.
  if (!before.whole) return;
  Bytes appended;
  EncodeBatch(batch, 0, batch.rows(), &appended);
  const Reading followed = ReadOn(follower);
  SKEWLESS_CHECK(followed.whole && followed.batches == std::vector<Bytes>{appended});
  before.batches.push_back(std::move(appended));
  const Reading anew = ReadAnew(files);
  SKEWLESS_CHECK(anew.whole && anew.batches == before.batches);
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
    header.sources = Sources();
    EncodeSegmentHeader(header, &segment);
    const size_t frames_at = segment.size();
    AppendFrames(ByteReader(input), header, &segment);
    // What a crash tore.
    segment.resize(segment.size() - std::min<size_t>(data[0] >> 2, segment.size() - frames_at));
  } else {
    segment.assign(input.begin(), input.end());
  }
  MemoryFiles files;
  files.Put("log/" + SegmentName(MakeSequence(1, 1)), std::move(segment));
  const auto reader = LogReader::Open(files, "log", Sources());
  SKEWLESS_CHECK(reader.has_value());
  Reading all = ReadOn(reader->get());
  CheckSeek(files, all);
  const auto by_heads = InspectLog(files, "log", false);
  const auto verified = InspectLog(files, "log", true);
  // Who looks closer finds no more than who looked at the heads.
  if (by_heads && verified) SKEWLESS_CHECK(verified->front().records <= by_heads->front().records);
  CheckRecovery(files, (data[0] & 2) != 0, reader->get(), std::move(all));
  return 0;
}
