#include "online/redis/redis_row.h"

#include <algorithm>

namespace skewless::redis {
namespace {

constexpr size_t kChecksumAt = 16;
constexpr size_t kSequenceAt = 24;
constexpr size_t kCountAt = 32;
constexpr size_t kWriterAt = 36;

Result<RowHead> DecodeFixed(ByteView bytes, uint32_t wanted) {
  if (bytes.size() < kRowHeadBytes) return DamagedRow("it is shorter than a row's head");
  const auto magic = LoadLe<uint32_t>(bytes.data());
  if (magic != wanted) {
    if ((magic & 0xffffff) != (wanted & 0xffffff)) return DamagedRow("it does not begin as a row");
    return NewerRow();
  }
  RowHead head;
  const auto stamp = LoadLe<uint64_t>(bytes.data() + 4);
  if (stamp % kStampModulus != LoadLe<uint32_t>(bytes.data() + 12))
    return DamagedRow("its stamp fails its check");
  head.stamp = {LoadLe<int64_t>(bytes.data() + kSequenceAt), static_cast<Timestamp>(stamp)};
  head.unlogged_count = LoadLe<uint32_t>(bytes.data() + kCountAt);
  head.writer = LoadLe<uint32_t>(bytes.data() + kWriterAt);
  if (head.unlogged_count > kMaxUnloggedStamps) return DamagedRow("its head makes no sense");
  return head;
}

}  // namespace

tl::unexpected<Error> DamagedRow(const char* what) {
  return Fail(ErrorCode::kCorrupt, std::string("a row in Redis is damaged: ") + what,
              "Remove its key; the engine writes it again at its next start.");
}

tl::unexpected<Error> NewerRow() {
  return Fail(ErrorCode::kVersion, "a row in Redis has a format newer than this program",
              "Use the version of the program that wrote it.");
}

void EncodeRowHead(const RowWrite& row, Bytes* out) {
  out->resize(out->size() + kStampBytes, 0);
  PutLe<uint64_t>(*out, 0);
  PutLe<int64_t>(*out, row.sequence);
  PutLe<uint32_t>(*out, static_cast<uint32_t>(row.unlogged.size()));
  PutLe<uint32_t>(*out, row.writer);
  for (const Stamp& stamp : row.unlogged) {
    PutLe<int64_t>(*out, stamp.sequence);
    PutLe<int64_t>(*out, stamp.available_us);
  }
}

size_t EncodedRowBytes(const RowWrite& row) {
  return kRowHeadBytes + row.unlogged.size() * kUnloggedBytes + row.state.size();
}

void EncodeRow(const RowWrite& row, Bytes* out) {
  const size_t begin = out->size();
  EncodeRowHead(row, out);
  PutRaw(*out, row.state);
  StoreLe(out->data() + begin + kChecksumAt, Hash64(ByteView(*out).subspan(begin + kSequenceAt)));
}

Result<Row> DecodeRow(ByteView bytes) {
  SKEWLESS_ASSIGN_OR_RETURN(const RowHead head, DecodeFixed(bytes, kRowMagic));
  if (LoadLe<uint64_t>(bytes.data() + kChecksumAt) != Hash64(bytes.subspan(kSequenceAt)))
    return DamagedRow("its checksum fails");
  const size_t unlogged = head.unlogged_count * kUnloggedBytes;
  if (unlogged > bytes.size() - kRowHeadBytes) return DamagedRow("its stamps reach beyond its end");
  return Row{head.stamp, head.writer, bytes.subspan(kRowHeadBytes, unlogged),
             bytes.subspan(kRowHeadBytes + unlogged)};
}

Result<RowHead> DecodeRowHead(ByteView bytes, uint32_t magic) {
  SKEWLESS_ASSIGN_OR_RETURN(RowHead head, DecodeFixed(bytes, magic));
  const size_t whole =
      std::min(head.unlogged_count, (bytes.size() - kRowHeadBytes) / kUnloggedBytes);
  for (size_t i = 0; i < whole; ++i) {
    const uint8_t* at = bytes.data() + kRowHeadBytes + i * kUnloggedBytes;
    head.unlogged.push_back({LoadLe<int64_t>(at), LoadLe<int64_t>(at + 8)});
  }
  return head;
}

}  // namespace skewless::redis
