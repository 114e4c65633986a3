// Any bytes as a file of served vectors: rows that can be written and read again, or an error.
#include "base/check.h"
#include "base/memory_files_fixture.h"
#include "log/served_fuzzing.h"

namespace skewless {
namespace {

// The row as a file would hold it, behind its shape.
Bytes Written(const ServedRow& row) {
  Bytes bytes;
  PutServedShape(row, &bytes);
  PutServedRow(row, 0, &bytes);
  return bytes;
}

void CheckRow(const ServedRow& row) {
  SKEWLESS_CHECK(row.outputs.size() == row.values.size());
  Bytes shape_bytes, row_bytes;
  PutServedShape(row, &shape_bytes);
  PutServedRow(row, 0, &row_bytes);
  ServedShape shape;
  ByteReader shape_reader(shape_bytes);
  SKEWLESS_CHECK(GetServedShape(shape_reader, &shape));
  ServedRow again;
  ByteReader row_reader(row_bytes);
  SKEWLESS_CHECK(row_reader.GetVarint() == 0 && GetServedRow(row_reader, shape, &again));
  SKEWLESS_CHECK(Written(again) == Written(row));
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  MemoryFiles files;
  Bytes file = ServedFileOf({data, size});
  const auto bytes = static_cast<int64_t>(file.size());
  files.Put("served/1-1.skserved", std::move(file));
  auto reader = ServedLogReader::Open(files, "served");
  SKEWLESS_CHECK(reader.has_value());
  ServedRow row;
  for (;;) {
    const Result<bool> more = (*reader)->Next(&row);
    if (!more) SKEWLESS_CHECK(more.error().message.starts_with("served/1-1.skserved: "));
    if (!more || !*more) break;
    CheckRow(row);
  }
  SKEWLESS_CHECK((*reader)->torn_bytes() >= 0 && (*reader)->torn_bytes() <= bytes);
  return 0;
}
