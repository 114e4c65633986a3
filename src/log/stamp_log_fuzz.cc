// Any bytes as a file of stamps, read and recovered: stamps that can be written and read again, or
// an error that names the file.
#include "base/check.h"
#include "base/memory_files_fixture.h"
#include "log/stamp_format.h"

namespace skewless {
namespace {

const std::vector<StampedView> kViews = {{"a", 1}, {"b", 2, /*values=*/true}};

// Behind an odd first byte: payloads of u16 length, sealed with valid checksums behind a valid
// header, so that what lies behind those is reached. Behind an even one: the file itself.
Bytes FileOf(ByteView input) {
  if (input.empty()) return {};
  const ByteView rest = input.subspan(1);
  if (input[0] % 2 == 0) return Bytes(rest.begin(), rest.end());
  Bytes file;
  PutStampFileHeader({.identity = 7, .epoch = 1, .views = kViews}, &file);
  const uint64_t seed = StampFrameSeed(file);
  ByteReader reader(rest);
  while (reader.remaining() >= 2) {
    const size_t wanted = reader.Get<uint16_t>();
    const ByteView payload = reader.GetRaw(std::min(wanted, reader.remaining()));
    StampFrameHead head;
    head.payload_bytes = static_cast<uint32_t>(payload.size());
    head.payload_checksum = Hash64(payload, seed);
    const size_t begin = file.size();
    file.resize(begin + kStampFrameHeadBytes);
    PutStampFrameHead(head, seed, file.data() + begin);
    PutRaw(file, payload);
  }
  return file;
}

void CheckStamps(const StampLogReader::Frame& frame) {
  StampEncoder encoder(*frame.views);
  for (const LoggedStamp& stamp : frame.stamps) encoder.Add(stamp);
  for (const LostWrite& write : frame.lost) encoder.AddLost(write);
  Bytes payload;
  encoder.Finish(0, &payload);
  std::vector<LoggedStamp> again;
  std::vector<LostWrite> lost_again;
  SKEWLESS_CHECK(GetStamps(payload, {.views = *frame.views}, &again, &lost_again));
  SKEWLESS_CHECK(again.size() == frame.stamps.size() && lost_again.size() == frame.lost.size());
  for (size_t i = 0; i < lost_again.size(); ++i) {
    const LostWrite &one = lost_again[i], &other = frame.lost[i];
    SKEWLESS_CHECK(one.view == other.view && AsText(one.key) == AsText(other.key));
    SKEWLESS_CHECK(one.sequence == other.sequence && one.from_us == other.from_us &&
                   one.until_us == other.until_us);
  }
  for (size_t i = 0; i < again.size(); ++i) {
    SKEWLESS_CHECK(again[i].stamp == frame.stamps[i].stamp &&
                   again[i].view == frame.stamps[i].view);
    SKEWLESS_CHECK(AsText(again[i].key) == AsText(frame.stamps[i].key));
  }
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  const std::string path = "log/stamps/" + StampFileName(1, 0);
  MemoryFiles files;
  files.Put(path, FileOf({data, size}));
  auto reader = StampLogReader::Open(files, "log/stamps");
  SKEWLESS_CHECK(reader.has_value());
  StampLogReader::Frame frame;
  for (;;) {
    const Result<bool> more = (*reader)->Next(&frame);
    if (!more) SKEWLESS_CHECK(more.error().message.starts_with(path));
    if (!more || !*more) break;
    CheckStamps(frame);
  }
  const auto writer =
      StampLogWriter::Open(files, {.directory = "log/stamps", .identity = 7, .epoch = 2});
  if (!writer) SKEWLESS_CHECK(writer.error().message.starts_with(path));
  return 0;
}
