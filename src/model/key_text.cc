#include "model/key_text.h"

#include "base/number_text.h"
#include "base/time.h"
#include "model/key.h"

namespace skewless {
namespace {

bool MustEscape(uint8_t byte, bool is_text) {
  if (byte >= 0x80) return !is_text;
  return byte < 0x20 || byte == 0x7f || byte == '%' || byte == ',' || byte == '{' || byte == '}';
}

void AppendEscaped(std::string_view bytes, bool is_text, std::string* out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    if (!MustEscape(byte, is_text)) {
      *out += c;
      continue;
    }
    *out += '%';
    *out += kDigits[byte >> 4];
    *out += kDigits[byte & 15];
  }
}

void AppendInteger(Type type, int64_t value, std::string* out) {
  switch (type.kind) {
    case TypeKind::kBool:
      *out += value != 0 ? "true" : "false";
      return;
    case TypeKind::kTimestamp:
      *out += FormatTimestamp(value);
      return;
    default:
      AppendInt64(*out, value);
  }
}

}  // namespace

Status AppendKeyText(std::span<const Type> types, ByteView key, std::string* out) {
  ByteReader reader(key);
  for (size_t i = 0; i < types.size(); ++i) {
    if (i > 0) *out += ',';
    if (PhysicalOf(types[i]) == Physical::kInt) {
      AppendInteger(types[i], reader.Get<int64_t>(), out);
    } else {
      AppendEscaped(reader.GetLengthPrefixed(), types[i].kind == TypeKind::kString, out);
    }
  }
  if (reader.ok() && reader.remaining() == 0) return {};
  return Fail(ErrorCode::kCorrupt, "an entity key of " + std::to_string(key.size()) +
                                       " bytes does not have the " + std::to_string(types.size()) +
                                       " columns expected");
}

}  // namespace skewless
