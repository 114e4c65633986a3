// Any bytes as an Avro file, and as messages of a schema that has every kind of type: no crash, and
// the same rows and reasons however the bytes come and however many are decoded at a time.
#include "decode/avro_file.h"
#include "decode/avro_messages.h"
#include "decode/message_fuzzing.h"
#include "decode/record_fuzzing.h"

namespace skewless {
namespace {

constexpr std::string_view kSchema = R"({"type": "record", "name": "Event", "fields": [
  {"name": "skipped", "type": {"type": "record", "name": "Tree", "fields": [
    {"name": "leaf", "type": ["null", "int"]},
    {"name": "children", "type": {"type": "array", "items": "Tree"}},
    {"name": "named", "type": {"type": "map", "values": ["null", "Tree", "string"]}}]}},
  {"name": "a", "type": ["null", "long", "int"]},
  {"name": "b", "type": [{"type": "enum", "name": "E", "symbols": ["x", "y"]}, "string", "long",
    {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}]},
  {"name": "nothing", "type": {"type": "array", "items": "null"}},
  {"name": "c", "type": "double"},
  {"name": "d", "type": [{"type": "int", "logicalType": "date"}, "string", "null"]},
  {"name": "e", "type": [{"type": "long", "logicalType": "timestamp-millis"}, "long"]},
  {"name": "f", "type": ["null", {"type": "array", "items": ["null", "string", "bytes"]}]},
  {"name": "g", "type": "boolean"},
  {"name": "h", "type": ["bytes", {"type": "fixed", "name": "F", "size": 3}, "string"]}]})";

// A tree's children are no numbers.
Schema FuzzColumns() {
  Schema schema = NestedFuzzSchema("skipped");
  schema.columns.pop_back();
  return schema;
}

// Everything that a file is read as, and how its reading ended.
std::string FileTranscript(std::span<const uint8_t> bytes, size_t piece, size_t records) {
  static const Schema schema = FuzzColumns();
  DecodeOptions options;
  options.schema = &schema;
  const auto reader = ReadAvroFile(std::make_unique<PieceStream>(bytes, piece), "file", options);
  if (!reader) return reader.error().message;
  std::string text;
  Batch batch;
  std::vector<BadRecord> bad;
  // A few bytes of header may claim any number of records that take no bytes.
  for (size_t rows = 0; rows < 1000;) {
    batch.Reset(&schema, 0);
    const Result<bool> more = (*reader)->Read(records, &batch, &bad);
    for (size_t row = 0; row < batch.columns[0].size(); ++row, ++rows) {
      for (const Column& column : batch.columns) text += FormatValue(ValueAt(column, row)) + "|";
    }
    if (!more) text += more.error().message;
    if (!more || !*more || bad.size() > 1000) break;
  }
  for (const BadRecord& record : bad) {
    SKEWLESS_CHECK(!record.reason.empty() && record.text.size() <= kMaxKeptBytes);
    text += std::to_string(record.record) + record.reason + record.text;
  }
  return text;
}

std::unique_ptr<MessageDecoder> OpenMessages(const Schema& schema) {
  const SchemaText text{"event.avsc", std::string(kSchema)};
  DecodeOptions options;
  options.schema = &schema;
  return std::move(*OpenAvroMessages(options, *AvroSchema::Parse({&text, 1}), false));
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  if (size < 1) return 0;
  const std::span<const uint8_t> bytes(data + 1, size - 1);
  if ((data[0] & 1) != 0) {
    const size_t piece = 1 + data[0] / 2u;
    SKEWLESS_CHECK(FileTranscript(bytes, bytes.size() + 1, 100) ==
                   FileTranscript(bytes, piece, 100));
    return 0;
  }
  static const Schema schema = FuzzColumns();
  static const auto decoder = OpenMessages(schema);
  CheckMessages(*decoder, schema, CutMessages(bytes));
  return 0;
}
