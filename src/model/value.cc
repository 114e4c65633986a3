#include "model/value.h"

#include <bit>
#include <cmath>

#include "base/check.h"
#include "base/number_text.h"
#include "base/time.h"
#include "model/list.h"

namespace skewless {
namespace {

void AppendHexByte(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
  out.push_back(kHex[static_cast<uint8_t>(c) & 15]);
}

// As in SQL; control characters are shown so that they can't move a terminal's cursor.
void AppendQuoted(std::string& out, std::string_view text) {
  out.push_back('\'');
  for (const char c : text) {
    const auto code = static_cast<uint8_t>(c);
    if (code < 0x20 || code == 0x7f) {
      out += "\\x";
      AppendHexByte(out, c);
    } else {
      if (c == '\'') out.push_back('\'');
      out.push_back(c);
    }
  }
  out.push_back('\'');
}

void AppendFormatted(std::string& out, const ValueView& value);

void AppendFormattedList(std::string& out, const ValueView& value) {
  std::vector<ValueView> elements;
  if (!DecodeList(value.type.kind, value.bytes, &elements)) {
    out += "[malformed]";
    return;
  }
  out.push_back('[');
  for (size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out += ", ";
    AppendFormatted(out, elements[i]);
  }
  out.push_back(']');
}

void AppendFormatted(std::string& out, const ValueView& value) {
  if (!value.valid) {
    out += "null";
    return;
  }
  if (value.type.is_list) return AppendFormattedList(out, value);
  switch (value.type.kind) {
    case TypeKind::kBool:
      out += value.int_value != 0 ? "true" : "false";
      return;
    case TypeKind::kInt32:
    case TypeKind::kInt64:
      return AppendInt64(out, value.int_value);
    case TypeKind::kFloat32:
      return AppendFloat(out, static_cast<float>(value.double_value));
    case TypeKind::kFloat64:
      return AppendDouble(out, value.double_value);
    case TypeKind::kString:
      return AppendQuoted(out, value.bytes);
    case TypeKind::kBytes:
      out += "x'";
      for (const char c : value.bytes) AppendHexByte(out, c);
      out.push_back('\'');
      return;
    case TypeKind::kTimestamp:
      out += FormatTimestamp(value.int_value);
      return;
  }
}

}  // namespace

Value Value::Null(Type type) {
  Value value;
  value.type = type;
  return value;
}

Value Value::Int(int64_t v, Type type) {
  SKEWLESS_CHECK(PhysicalOf(type) == Physical::kInt);
  Value value;
  value.type = type;
  value.valid = true;
  value.int_value = v;
  return value;
}

Value Value::Double(double v, Type type) {
  SKEWLESS_CHECK(PhysicalOf(type) == Physical::kDouble);
  Value value;
  value.type = type;
  value.valid = true;
  value.double_value = v;
  return value;
}

Value Value::String(std::string v, Type type) {
  SKEWLESS_CHECK(PhysicalOf(type) == Physical::kBytes);
  Value value;
  value.type = type;
  value.valid = true;
  value.bytes = std::move(v);
  return value;
}

Value Value::Of(const ValueView& view) {
  Value value;
  value.type = view.type;
  value.valid = view.valid;
  value.int_value = view.int_value;
  value.double_value = view.double_value;
  value.bytes = std::string(view.bytes);
  return value;
}

ValueView Value::view() const { return {type, valid, int_value, double_value, bytes}; }

bool SameBits(const ValueView& a, const ValueView& b) {
  if (a.type != b.type || a.valid != b.valid) return false;
  if (!a.valid) return true;
  switch (PhysicalOf(a.type)) {
    case Physical::kInt:
      return a.int_value == b.int_value;
    case Physical::kBytes:
      return a.bytes == b.bytes;
    case Physical::kDouble:
      break;
  }
  if (std::isnan(a.double_value) || std::isnan(b.double_value)) {
    return std::isnan(a.double_value) && std::isnan(b.double_value);
  }
  return std::bit_cast<uint64_t>(a.double_value) == std::bit_cast<uint64_t>(b.double_value);
}

ValueView ValueAt(const Column& column, size_t row) {
  ValueView value;
  value.type = column.type;
  value.valid = column.valid[row] != 0;
  if (!value.valid) return value;
  switch (column.physical()) {
    case Physical::kInt:
      value.int_value = column.ints[row];
      break;
    case Physical::kDouble:
      value.double_value = column.doubles[row];
      break;
    case Physical::kBytes:
      value.bytes = column.strings[row];
      break;
  }
  return value;
}

void AppendValue(Column& column, const ValueView& value) {
  SKEWLESS_DCHECK(!value.valid || PhysicalOf(value.type) == column.physical());
  if (!value.valid) return column.AppendNull();
  switch (column.physical()) {
    case Physical::kInt:
      return column.AppendInt(value.int_value);
    case Physical::kDouble:
      return column.AppendDouble(value.double_value);
    case Physical::kBytes:
      return column.AppendString(value.bytes);
  }
}

std::string FormatValue(const ValueView& value) {
  std::string out;
  AppendFormatted(out, value);
  return out;
}

}  // namespace skewless
