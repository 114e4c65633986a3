// Rows of Redis from arbitrary bytes: an error or a row whose parts lie inside it, and whoever
// reads the head alone sees the same. A first byte of 1 puts checksum and stamp's check right, so
// that what follows is looked at, too.
#include <algorithm>

#include "base/check.h"
#include "online/redis/redis_row.h"

namespace skewless::redis {
namespace {

void Seal(Bytes* row) {
  if (row->size() < kRowHeadBytes) return;
  const auto stamp = LoadLe<uint64_t>(row->data() + 4);
  StoreLe(row->data(), kRowMagic);
  StoreLe(row->data() + 12, static_cast<uint32_t>(stamp % kStampModulus));
  StoreLe(row->data() + 16, Hash64(ByteView(*row).subspan(24)));
}

void CheckHead(ByteView bytes, const Row* row) {
  const auto head = DecodeRowHead(bytes);
  if (row == nullptr) return;
  SKEWLESS_CHECK(head.has_value() && head->stamp == row->stamp);
  SKEWLESS_CHECK(head->unlogged.size() == head->unlogged_count);
  SKEWLESS_CHECK(head->unlogged_count * 16 == row->unlogged.size());
}

// What decodes encodes to the same bytes again, but for the stamp, which the server gives.
void CheckAgain(ByteView bytes, const Row& row) {
  std::vector<Stamp> unlogged(row.unlogged.size() / 16);
  for (size_t i = 0; i < unlogged.size(); ++i) {
    unlogged[i] = {LoadLe<int64_t>(row.unlogged.data() + i * 16),
                   LoadLe<int64_t>(row.unlogged.data() + i * 16 + 8)};
  }
  const RowWrite write{.view = 0,
                       .key = {},
                       .sequence = row.stamp.sequence,
                       .state = row.state,
                       .unlogged = unlogged,
                       .ticket = 0,
                       .writer = row.writer};
  Bytes again;
  EncodeRow(write, &again);
  SKEWLESS_CHECK(again.size() == EncodedRowBytes(write) && again.size() == bytes.size());
  SKEWLESS_CHECK(std::equal(again.begin() + kStampBytes, again.end(), bytes.begin() + kStampBytes));
}

}  // namespace
}  // namespace skewless::redis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  if (size == 0) return 0;
  Bytes bytes(data + 1, data + size);
  if (data[0] == 1) redis::Seal(&bytes);
  const auto row = redis::DecodeRow(bytes);
  redis::CheckHead(bytes, row.has_value() ? &*row : nullptr);
  if (row) redis::CheckAgain(bytes, *row);
  return 0;
}
