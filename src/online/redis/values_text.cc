#include "online/redis/values_text.h"

#include <cmath>

#include "base/base64.h"
#include "base/number_text.h"
#include "model/json_array.h"
#include "model/list.h"
#include "model/value_text.h"

namespace skewless::redis {
namespace {

// The shortest text of a float is read by way of a double, which in a case of many rounds twice.
void AppendFloat32(double value, std::string* out) {
  const size_t begin = out->size();
  AppendFloat(*out, static_cast<float>(value));
  const auto read = ParseDouble(std::string_view(*out).substr(begin));
  if (std::isnan(value) || (read && static_cast<double>(static_cast<float>(*read)) == value))
    return;
  out->resize(begin);
  AppendDouble(*out, value);
}

// As JSON has it, but that bytes which are no UTF-8 stay as they are.
void AppendQuoted(std::string_view text, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  *out += '"';
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (byte < 0x20) {
      *out += "\\u00";
      *out += kDigits[byte >> 4];
      *out += kDigits[byte & 15];
    } else {
      *out += c;
    }
  }
  *out += '"';
}

void AppendElement(const ValueView& value, std::string* out) {
  if (!value.valid) {
    *out += "null";
    return;
  }
  const bool is_number =
      PhysicalOf(value.type) == Physical::kInt
          ? value.type.kind != TypeKind::kTimestamp
          : PhysicalOf(value.type) == Physical::kDouble && std::isfinite(value.double_value);
  if (is_number) return AppendValueText(value, out);
  if (value.type.kind == TypeKind::kBytes) {
    *out += '"';
    AppendBase64(*out, AsBytes(value.bytes));
    *out += '"';
    return;
  }
  std::string text;
  AppendValueText(value, &text);
  AppendQuoted(text, out);
}

void AppendList(const ValueView& value, std::string* out) {
  std::vector<ValueView> elements;
  *out += '[';
  if (DecodeList(value.type.kind, value.bytes, &elements)) {
    for (size_t i = 0; i < elements.size(); ++i) {
      if (i > 0) *out += ',';
      AppendElement(elements[i], out);
    }
  }
  *out += ']';
}

Result<Value> ParseList(std::string_view text, Type type) {
  const auto elements = SplitJsonArray(text);
  if (!elements) return Fail(ErrorCode::kInvalid, "expected a JSON array");
  const Type element_type{type.kind, false};
  ListBuilder list(type.kind);
  for (const JsonElement& element : *elements) {
    if (element.is_null) {
      list.Add(Value::Null(element_type).view());
      continue;
    }
    // Only there bytes are in base64.
    auto value = type.kind == TypeKind::kBytes ? ParseValue(element.text, element_type)
                                               : ParseValueText(element.text, element_type);
    if (!value) return value;
    list.Add(value->view());
  }
  return Value::String(std::string(list.Finish()), type);
}

}  // namespace

void AppendValueText(const ValueView& value, std::string* out) {
  if (value.type.is_list) return AppendList(value, out);
  switch (value.type.kind) {
    case TypeKind::kBool:
      *out += value.int_value != 0 ? "true" : "false";
      return;
    case TypeKind::kInt32:
    case TypeKind::kInt64:
      return AppendInt64(*out, value.int_value);
    case TypeKind::kFloat32:
      return AppendFloat32(value.double_value, out);
    case TypeKind::kFloat64:
      return AppendDouble(*out, value.double_value);
    case TypeKind::kString:
    case TypeKind::kBytes:
      *out += value.bytes;
      return;
    case TypeKind::kTimestamp:
      *out += FormatTimestamp(value.int_value);
  }
}

Result<Value> ParseValueText(std::string_view text, Type type) {
  if (type.is_list) return ParseList(text, type);
  if (type.kind == TypeKind::kBytes) return Value::String(std::string(text), type);
  if (type.kind == TypeKind::kTimestamp) {
    // Times outside the years 1 to 9999 are printed as microseconds.
    if (const auto number = ParseInt64(text)) return Value::Int(*number, type);
  }
  return ParseValue(text, type);
}

}  // namespace skewless::redis
