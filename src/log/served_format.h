// The bytes of a served log's file: its header and the head of a record. See
// docs/formats/served.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "log/served_log.h"

namespace skewless {

inline constexpr uint32_t kServedVersion = 1;
inline constexpr size_t kServedHeaderBytes = 24;  // magic, version, reserved, checksum
inline constexpr size_t kServedRecordHeadBytes = 16;
inline constexpr std::string_view kServedSuffix = ".skserved";

enum class ServedRecordKind : uint8_t { kShape = 1, kRow = 2 };

// What rows of one kind of request have in common, written once a file: names and types.
struct ServedShape {
  std::string service;
  std::vector<std::string> outputs;
  std::vector<Type> output_types;
  std::vector<std::string> inputs;
  std::vector<Type> input_types;
  std::vector<std::string> views;
};

void PutServedHeader(Bytes* out);
Status CheckServedHeader(ByteView bytes, const std::string& path);

// Appends the shape of `row`, and what of a row is not its shape.
void PutServedShape(const ServedRow& row, Bytes* out);
void PutServedRow(const ServedRow& row, uint64_t shape, Bytes* out);
// False where the bytes make no sense.
bool GetServedShape(ByteReader& reader, ServedShape* shape);
// After the shape's number. Reuses the row's memory.
bool GetServedRow(ByteReader& reader, const ServedShape& shape, ServedRow* row);

// Appends a record's head with no content yet; FinishServedRecord fills it in for all bytes after.
void BeginServedRecord(ServedRecordKind kind, Bytes* out);
void FinishServedRecord(size_t begin, Bytes* out);

struct ServedRecordHead {
  uint32_t bytes = 0;  // of the content, the kind included
  uint64_t checksum = 0;
};
// Nothing where the head's own checksum is wrong. `from` has kServedRecordHeadBytes.
std::optional<ServedRecordHead> DecodeServedRecordHead(const uint8_t* from);

}  // namespace skewless
