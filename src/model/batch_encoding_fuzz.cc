// Any bytes: DecodeBatch returns an error or a batch that encodes and decodes to itself.
#include <algorithm>

#include "base/check.h"
#include "model/batch_encoding.h"

namespace skewless {
namespace {

Schema FuzzedSchema() {
  Schema schema;
  for (uint8_t kind = 0; kind <= static_cast<uint8_t>(TypeKind::kTimestamp); ++kind) {
    const Type type{static_cast<TypeKind>(kind), false};
    schema.columns.push_back({TypeName(type), type, TimestampUnit::kText});
  }
  schema.columns.push_back({"list", {TypeKind::kInt64, true}, TimestampUnit::kText});
  return schema;
}

void FuzzOne(ByteView input) {
  static const Schema kWritten = FuzzedSchema();
  // Also a schema that skips some columns and adds one.
  static const Schema kFewer{{kWritten.columns[5], kWritten.columns[0], {"new", {}, {}}}};
  static Batch batch;
  static Batch again;
  static_cast<void>(DecodeBatch(input, kWritten, kFewer, &batch));
  if (!DecodeBatch(input, kWritten, kWritten, &batch).has_value()) {
    SKEWLESS_CHECK(batch.rows() == 0);
    return;
  }
  Bytes bytes;
  EncodeBatch(batch, 0, batch.rows(), &bytes);
  SKEWLESS_CHECK(DecodeBatch(bytes, kWritten, kWritten, &again).has_value());
  SKEWLESS_CHECK(again.event_us == batch.event_us && again.sequence == batch.sequence &&
                 again.available_us == batch.available_us && again.applied == batch.applied &&
                 again.positions == batch.positions);
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    SKEWLESS_CHECK(again.columns[i].valid == batch.columns[i].valid &&
                   again.columns[i].ints == batch.columns[i].ints &&
                   again.columns[i].strings == batch.columns[i].strings);
  }
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  skewless::FuzzOne({data, size});
  return 0;
}
