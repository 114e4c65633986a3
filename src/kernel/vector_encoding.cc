#include "kernel/vector_encoding.h"

#include <limits>

#include "base/check.h"
#include "model/list.h"

namespace skewless {
namespace {

constexpr uint32_t kVectorMagic = 0x31564B53;  // "SKV1": magic and version in one
constexpr uint8_t kListBit = 0x80;
constexpr size_t kHeadSize = 32;  // magic, size, read time, sequence, newest event
constexpr size_t kChecksumSize = sizeof(uint64_t);

tl::unexpected<Error> Corrupt() {
  return Fail(ErrorCode::kCorrupt, "the bytes of a feature vector are damaged",
              "read the vector again");
}

void PutValue(Bytes& out, const ValueView& value) {
  const auto kind = static_cast<uint8_t>(value.type.kind);
  PutLe<uint8_t>(out, value.type.is_list ? kind | kListBit : kind);
  PutLe<uint8_t>(out, value.valid ? 1 : 0);
  if (!value.valid) return;
  switch (PhysicalOf(value.type)) {
    case Physical::kInt:
      return PutLe(out, value.int_value);
    case Physical::kDouble:
      return PutLe(out, value.double_value);
    case Physical::kBytes:
      SKEWLESS_CHECK(value.bytes.size() <= std::numeric_limits<uint32_t>::max());
      PutLe(out, static_cast<uint32_t>(value.bytes.size()));
      return PutRaw(out, AsBytes(value.bytes));
  }
}

bool GetValue(ByteReader& reader, ValueView* value, std::vector<ValueView>* elements) {
  const auto kind = reader.Get<uint8_t>();
  const auto valid = reader.Get<uint8_t>();
  const int plain = kind & ~kListBit;
  if (!reader.ok() || plain > static_cast<int>(TypeKind::kTimestamp) || valid > 1) return false;
  *value = {};
  value->type = {static_cast<TypeKind>(plain), (kind & kListBit) != 0};
  value->valid = valid == 1;
  if (!value->valid) return true;
  switch (PhysicalOf(value->type)) {
    case Physical::kInt:
      value->int_value = reader.Get<int64_t>();
      break;
    case Physical::kDouble:
      value->double_value = reader.Get<double>();
      break;
    case Physical::kBytes:
      value->bytes = AsText(reader.GetRaw(reader.Get<uint32_t>()));
      break;
  }
  if (!reader.ok()) return false;
  return !value->type.is_list || DecodeList(value->type.kind, value->bytes, elements);
}

}  // namespace

void EncodeVector(const FeatureVector& vector, Bytes* out) {
  out->clear();
  PutLe(*out, kVectorMagic);
  PutLe<uint32_t>(*out, 0);
  PutLe(*out, vector.read_us);
  PutLe(*out, vector.sequence);
  PutLe(*out, vector.newest_event_us);
  PutLe(*out, static_cast<uint32_t>(vector.status));
  PutLe(*out, static_cast<uint32_t>(vector.values.size()));
  for (const ValueView& value : vector.values) PutValue(*out, value);
  StoreLe(out->data() + sizeof kVectorMagic, static_cast<uint32_t>(out->size() + kChecksumSize));
  PutLe(*out, Hash64(*out));
}

VectorHead LoadVectorHead(ByteView bytes) {
  SKEWLESS_CHECK(bytes.size() >= kHeadSize);
  return {LoadLe<Timestamp>(bytes.data() + 8), LoadLe<Sequence>(bytes.data() + 16),
          LoadLe<Timestamp>(bytes.data() + 24)};
}

uint64_t LoadVectorChecksum(ByteView bytes) {
  SKEWLESS_CHECK(bytes.size() >= kHeadSize + kChecksumSize);
  return LoadLe<uint64_t>(bytes.data() + bytes.size() - kChecksumSize);
}

Status DecodeVector(ByteView bytes, FeatureVector* out) {
  ByteReader reader(bytes);
  const auto magic = reader.Get<uint32_t>();
  const auto size = reader.Get<uint32_t>();
  if (!reader.ok() || (magic & 0x00FFFFFF) != (kVectorMagic & 0x00FFFFFF)) return Corrupt();
  if (magic != kVectorMagic) {
    return Fail(ErrorCode::kVersion, "the bytes of a feature vector are of a newer format",
                "use the program that wrote them, or a newer one");
  }
  if (size != bytes.size() || reader.remaining() < kChecksumSize) return Corrupt();
  const ByteView body = bytes.first(bytes.size() - kChecksumSize);
  if (Hash64(body) != LoadLe<uint64_t>(body.data() + body.size())) return Corrupt();
  reader = ByteReader(body.subspan(8));
  out->read_us = reader.Get<Timestamp>();
  out->sequence = reader.Get<Sequence>();
  out->newest_event_us = reader.Get<Timestamp>();
  const auto status = reader.Get<uint32_t>();
  const auto count = reader.Get<uint32_t>();
  // Every value takes two bytes at least, so a wrong count can't ask for more memory than that.
  if (!reader.ok() || status > 2 || count > reader.remaining() / 2) return Corrupt();
  out->status = static_cast<RowStatus>(status);
  out->values.resize(count);
  std::vector<ValueView> elements;
  for (ValueView& value : out->values) {
    if (!GetValue(reader, &value, &elements)) return Corrupt();
  }
  return reader.remaining() == 0 ? Status() : Corrupt();
}

}  // namespace skewless
