// What the fuzzers of text formats share: records must not depend on how the bytes come.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "decode/record_reader.h"
#include "decode/text_input.h"
#include "model/value.h"

namespace skewless {

// Bytes in memory, handed out in pieces.
class PieceStream final : public ByteStream {
 public:
  PieceStream(std::span<const uint8_t> bytes, size_t piece) : bytes_(bytes), piece_(piece) {}
  Result<size_t> Read(std::span<uint8_t> out) override {
    const size_t count = std::min({piece_, out.size(), bytes_.size() - at_});
    if (count > 0) std::memcpy(out.data(), bytes_.data() + at_, count);
    at_ += count;
    return count;
  }
  uint64_t bytes_read() const override { return at_; }
  uint64_t file_bytes() const override { return bytes_.size(); }

 private:
  std::span<const uint8_t> bytes_;
  size_t piece_;
  size_t at_ = 0;
};

inline Schema FuzzSchema() {
  return {{{"a", {TypeKind::kInt64, false}},
           {"b", {TypeKind::kString, false}},
           {"c", {TypeKind::kFloat32, false}},
           {"d", {TypeKind::kTimestamp, false}, TimestampUnit::kText},
           {"e", {TypeKind::kTimestamp, false}, TimestampUnit::kSeconds},
           {"f", {TypeKind::kString, true}},
           {"g", {TypeKind::kBool, false}},
           {"h", {TypeKind::kBytes, false}}}};
}

// With columns that lie within records and maps, under names that are easily found.
inline Schema NestedFuzzSchema(const std::string& record) {
  Schema schema = FuzzSchema();
  const auto add = [&](const char* name, Type type, std::vector<std::string> within) {
    within.insert(within.begin(), record);
    schema.columns.push_back({name, type, TimestampUnit::kText, std::move(within)});
  };
  add("i", {TypeKind::kInt64, false}, {"leaf"});
  add("j", {TypeKind::kInt64, false}, {"named", "a", "leaf"});
  add("k", {TypeKind::kInt64, false}, {"named", "a", "named", "b", "leaf"});
  add("l", {TypeKind::kInt64, true}, {"named", "b", "children"});
  return schema;
}

// Everything that a reader makes of its input, as text; `records` at a time.
inline std::string Transcript(RecordReader& reader, const Schema& schema, size_t records) {
  std::string text;
  Batch batch;
  std::vector<BadRecord> bad;
  while (true) {
    batch.Reset(&schema, 0);
    const int64_t before = reader.next_record();
    const size_t bad_before = bad.size();
    const Result<bool> more = reader.Read(records, &batch, &bad);
    SKEWLESS_CHECK(more.has_value());
    const size_t rows = batch.columns[0].size();
    SKEWLESS_CHECK(reader.next_record() - before ==
                   static_cast<int64_t>(rows + bad.size() - bad_before));
    for (size_t row = 0; row < rows; ++row) {
      for (const Column& column : batch.columns) text += FormatValue(ValueAt(column, row)) + "|";
      text += '\n';
    }
    if (!*more) break;
  }
  for (const BadRecord& record : bad) {
    SKEWLESS_CHECK(!record.reason.empty() && record.text.size() <= kMaxKeptBytes &&
                   record.line > 0);
    text += std::to_string(record.record) + ":" + std::to_string(record.line) + ":" +
            record.reason + ":" + record.text + "\n";
  }
  return text;
}

}  // namespace skewless
