#include "training/extension_column.h"

#include <arrow/api.h>
#include <arrow/extension_type.h>

#include <string>

namespace skewless {
namespace {

constexpr int kUuidBytes = 16;

std::string UuidText(const uint8_t* bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int i = 0; i < kUuidBytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace

bool IsUuid(const arrow::DataType& type) {
  return type.id() == arrow::Type::EXTENSION &&
         static_cast<const arrow::ExtensionType&>(type).extension_name() == "arrow.uuid";
}

std::shared_ptr<arrow::ChunkedArray> WithoutExtension(
    const std::shared_ptr<arrow::ChunkedArray>& column) {
  if (column->type()->id() != arrow::Type::EXTENSION) return column;
  arrow::ArrayVector chunks;
  for (const auto& chunk : column->chunks())
    chunks.push_back(static_cast<const arrow::ExtensionArray&>(*chunk).storage());
  return std::make_shared<arrow::ChunkedArray>(
      std::move(chunks), static_cast<const arrow::ExtensionType&>(*column->type()).storage_type());
}

arrow::Result<std::shared_ptr<arrow::ChunkedArray>> UuidsAsText(const arrow::ChunkedArray& uuids) {
  arrow::ArrayVector chunks;
  for (const auto& chunk : uuids.chunks()) {
    const auto& bytes = static_cast<const arrow::FixedSizeBinaryArray&>(
        *static_cast<const arrow::ExtensionArray&>(*chunk).storage());
    arrow::LargeStringBuilder builder;
    for (int64_t i = 0; i < bytes.length(); ++i) {
      ARROW_RETURN_NOT_OK(bytes.IsNull(i) ? builder.AppendNull()
                                          : builder.Append(UuidText(bytes.GetValue(i))));
    }
    ARROW_ASSIGN_OR_RAISE(chunks.emplace_back(), builder.Finish());
  }
  return arrow::ChunkedArray::Make(std::move(chunks), arrow::large_utf8());
}

}  // namespace skewless
