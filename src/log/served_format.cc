#include "log/served_format.h"

#include "base/check.h"

namespace skewless {
namespace {

constexpr uint64_t kServedMagic = 0x4456525357454B53;  // "SKEWSRVD"

void PutType(Type type, Bytes* out) {
  PutLe<uint8_t>(*out, static_cast<uint8_t>(type.kind));
  PutLe<uint8_t>(*out, type.is_list ? 1 : 0);
}

bool GetType(ByteReader& reader, Type* type) {
  const auto kind = reader.Get<uint8_t>();
  const auto is_list = reader.Get<uint8_t>();
  if (!reader.ok() || kind > static_cast<uint8_t>(TypeKind::kTimestamp) || is_list > 1)
    return false;
  *type = {static_cast<TypeKind>(kind), is_list == 1};
  return true;
}

void PutValue(const Value& value, Bytes* out) {
  PutLe<uint8_t>(*out, value.valid ? 1 : 0);
  if (!value.valid) return;
  switch (PhysicalOf(value.type)) {
    case Physical::kInt:
      PutVarint(*out, ZigZag(value.int_value));
      return;
    case Physical::kDouble:
      PutLe<double>(*out, value.double_value);
      return;
    case Physical::kBytes:
      PutLengthPrefixed(*out, value.bytes);
      return;
  }
}

bool GetValue(ByteReader& reader, Type type, Value* value) {
  const auto valid = reader.Get<uint8_t>();
  if (!reader.ok() || valid > 1) return false;
  value->type = type;
  value->valid = valid == 1;
  value->int_value = 0;
  value->double_value = 0;
  value->bytes.clear();
  if (!value->valid) return true;
  switch (PhysicalOf(type)) {
    case Physical::kInt:
      value->int_value = UnZigZag(reader.GetVarint());
      break;
    case Physical::kDouble:
      value->double_value = reader.Get<double>();
      break;
    case Physical::kBytes:
      value->bytes = reader.GetLengthPrefixed();
      break;
  }
  return reader.ok();
}

// A list's length; each element takes at least `element_bytes` of what follows.
bool GetCount(ByteReader& reader, size_t element_bytes, size_t* count) {
  const uint64_t value = reader.GetVarint();
  if (!reader.ok() || value > reader.remaining() / element_bytes) return false;
  *count = static_cast<size_t>(value);
  return true;
}

bool GetNamesAndTypes(ByteReader& reader, std::vector<std::string>* names,
                      std::vector<Type>* types) {
  size_t count = 0;
  if (!GetCount(reader, 3, &count)) return false;
  for (size_t i = 0; i < count; ++i) {
    names->emplace_back(reader.GetLengthPrefixed());
    if (!GetType(reader, &types->emplace_back())) return false;
  }
  return reader.ok();
}

uint32_t HeadCheck(uint32_t bytes) {
  uint8_t le[4];
  StoreLe(le, bytes);
  return static_cast<uint32_t>(Hash64(le));
}

}  // namespace

void PutServedHeader(Bytes* out) {
  const size_t begin = out->size();
  PutLe<uint64_t>(*out, kServedMagic);
  PutLe<uint32_t>(*out, kServedVersion);
  PutLe<uint32_t>(*out, 0);
  PutLe<uint64_t>(*out, Hash64(ByteView(*out).subspan(begin)));
}

Status CheckServedHeader(ByteView bytes, const std::string& path) {
  SKEWLESS_CHECK(bytes.size() == kServedHeaderBytes);
  if (LoadLe<uint64_t>(bytes.data()) != kServedMagic) {
    return Fail(ErrorCode::kCorrupt, path + ": this is no file of served vectors",
                "Move it out of the folder of served vectors.");
  }
  const auto version = LoadLe<uint32_t>(bytes.data() + 8);
  if (version > kServedVersion) {
    return Fail(ErrorCode::kVersion,
                path + ": format " + std::to_string(version) +
                    " of served vectors; this program reads formats up to " +
                    std::to_string(kServedVersion),
                "Use the newer Skewless that wrote this file.");
  }
  if (LoadLe<uint64_t>(bytes.data() + 16) != Hash64(bytes.first(16))) {
    return Fail(ErrorCode::kCorrupt, path + ": offset 0: the header fails its checksum",
                "Restore this file from a backup, or move it out of the folder.");
  }
  return {};
}

void PutServedShape(const ServedRow& row, Bytes* out) {
  PutLengthPrefixed(*out, row.service);
  PutVarint(*out, row.outputs.size());
  for (size_t i = 0; i < row.outputs.size(); ++i) {
    PutLengthPrefixed(*out, row.outputs[i]);
    PutType(row.values[i].type, out);
  }
  PutVarint(*out, row.inputs.size());
  for (const auto& [name, value] : row.inputs) {
    PutLengthPrefixed(*out, name);
    PutType(value.type, out);
  }
  PutVarint(*out, row.views.size());
  for (const auto& view : row.views) PutLengthPrefixed(*out, view.view);
}

bool GetServedShape(ByteReader& reader, ServedShape* shape) {
  shape->service = reader.GetLengthPrefixed();
  if (!GetNamesAndTypes(reader, &shape->outputs, &shape->output_types)) return false;
  if (!GetNamesAndTypes(reader, &shape->inputs, &shape->input_types)) return false;
  size_t views = 0;
  if (!GetCount(reader, 1, &views)) return false;
  for (size_t i = 0; i < views; ++i) shape->views.emplace_back(reader.GetLengthPrefixed());
  return reader.ok() && reader.remaining() == 0;
}

void PutServedRow(const ServedRow& row, uint64_t shape, Bytes* out) {
  PutVarint(*out, shape);
  PutLe<int64_t>(*out, row.read_us);
  for (const auto& [name, value] : row.inputs) PutValue(value, out);
  for (const auto& view : row.views) {
    PutLe<int64_t>(*out, view.sequence);
    PutLe<uint8_t>(*out, view.status);
  }
  for (const Value& value : row.values) PutValue(value, out);
}

bool GetServedRow(ByteReader& reader, const ServedShape& shape, ServedRow* row) {
  row->read_us = reader.Get<int64_t>();
  row->outputs = shape.outputs;
  row->service = shape.service;
  row->inputs.resize(shape.inputs.size());
  for (size_t i = 0; i < shape.inputs.size(); ++i) {
    row->inputs[i].first = shape.inputs[i];
    if (!GetValue(reader, shape.input_types[i], &row->inputs[i].second)) return false;
  }
  row->views.resize(shape.views.size());
  for (size_t i = 0; i < shape.views.size(); ++i) {
    row->views[i].view = shape.views[i];
    row->views[i].sequence = reader.Get<int64_t>();
    row->views[i].status = reader.Get<uint8_t>();
  }
  row->values.resize(shape.outputs.size());
  for (size_t i = 0; i < shape.outputs.size(); ++i) {
    if (!GetValue(reader, shape.output_types[i], &row->values[i])) return false;
  }
  return reader.ok() && reader.remaining() == 0;
}

void BeginServedRecord(ServedRecordKind kind, Bytes* out) {
  out->resize(out->size() + kServedRecordHeadBytes);
  PutLe<uint8_t>(*out, static_cast<uint8_t>(kind));
}

void FinishServedRecord(size_t begin, Bytes* out) {
  const ByteView content = ByteView(*out).subspan(begin + kServedRecordHeadBytes);
  const auto bytes = static_cast<uint32_t>(content.size());
  uint8_t* head = out->data() + begin;
  StoreLe<uint32_t>(head, bytes);
  StoreLe<uint32_t>(head + 4, HeadCheck(bytes));
  StoreLe<uint64_t>(head + 8, Hash64(content));
}

std::optional<ServedRecordHead> DecodeServedRecordHead(const uint8_t* from) {
  const ServedRecordHead head{LoadLe<uint32_t>(from), LoadLe<uint64_t>(from + 8)};
  if (LoadLe<uint32_t>(from + 4) != HeadCheck(head.bytes)) return std::nullopt;
  return head;
}

}  // namespace skewless
