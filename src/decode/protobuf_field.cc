#include "decode/protobuf_field.h"

#include <google/protobuf/wire_format_lite.h>

#include <bit>
#include <optional>

namespace skewless {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;
using Wire = pb::internal::WireFormatLite;
using Shape = ProtobufField::Shape;

std::optional<ValueKind> ScalarKind(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_BOOL:
      return ValueKind::kBool;
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED64:
      return ValueKind::kUint64;
    case FieldDescriptor::TYPE_FLOAT:
      return ValueKind::kFloat;
    case FieldDescriptor::TYPE_DOUBLE:
      return ValueKind::kDouble;
    case FieldDescriptor::TYPE_STRING:
      return ValueKind::kText;
    case FieldDescriptor::TYPE_BYTES:
      return ValueKind::kBytes;
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      return std::nullopt;
    default:
      return ValueKind::kInt;
  }
}

bool IsWrapper(const pb::Descriptor& message) {
  return message.file()->name() == "google/protobuf/wrappers.proto" && message.field_count() == 1 &&
         message.field(0)->number() == 1 && !message.field(0)->is_repeated() &&
         ScalarKind(message.field(0)->type()).has_value();
}

bool ReadScalar(FieldDescriptor::Type type, pb::io::CodedInputStream& in, TypedValue* value) {
  uint64_t bits = 0;
  uint32_t half = 0;
  switch (type) {
    case FieldDescriptor::TYPE_DOUBLE:
      if (!in.ReadLittleEndian64(&bits)) return false;
      value->double_value = std::bit_cast<double>(bits);
      return true;
    case FieldDescriptor::TYPE_FLOAT:
      if (!in.ReadLittleEndian32(&half)) return false;
      value->double_value = static_cast<double>(std::bit_cast<float>(half));
      return true;
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      if (!in.ReadLittleEndian64(&bits)) return false;
      value->int_value = static_cast<int64_t>(bits);
      return true;
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
      if (!in.ReadLittleEndian32(&half)) return false;
      value->int_value = type == FieldDescriptor::TYPE_FIXED32
                             ? static_cast<int64_t>(half)
                             : static_cast<int64_t>(static_cast<int32_t>(half));
      return true;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
      return ReadProtobufBytes(in, &value->bytes);
    default:
      break;
  }
  if (!in.ReadVarint64(&bits)) return false;
  half = static_cast<uint32_t>(bits);  // 32-bit types drop what is above
  switch (type) {
    case FieldDescriptor::TYPE_BOOL:
      value->int_value = bits != 0 ? 1 : 0;
      return true;
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_ENUM:
      value->int_value = static_cast<int32_t>(half);
      return true;
    case FieldDescriptor::TYPE_UINT32:
      value->int_value = static_cast<int64_t>(half);
      return true;
    case FieldDescriptor::TYPE_SINT32:
      value->int_value = Wire::ZigZagDecode32(half);
      return true;
    case FieldDescriptor::TYPE_SINT64:
      value->int_value = Wire::ZigZagDecode64(bits);
      return true;
    default:
      value->int_value = static_cast<int64_t>(bits);
      return true;
  }
}

// The message's own numbers over those that `value` has.
bool MergeTimestamp(std::string_view bytes, TypedValue* value) {
  pb::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                              static_cast<int>(bytes.size()));
  constexpr uint32_t kSeconds = 1 << 3, kNanos = 2 << 3;
  while (const uint32_t tag = in.ReadTag()) {
    uint64_t bits = 0;
    if (tag != kSeconds && tag != kNanos) {
      if (!Wire::SkipField(&in, tag)) return false;
      continue;
    }
    if (!in.ReadVarint64(&bits)) return false;
    if (tag == kSeconds) {
      value->int_value = static_cast<int64_t>(bits);
    } else {
      value->nanos = static_cast<int32_t>(static_cast<uint32_t>(bits));
    }
  }
  return in.ConsumedEntireMessage();
}

bool MergeWrapper(FieldDescriptor::Type type, std::string_view bytes, TypedValue* value) {
  pb::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                              static_cast<int>(bytes.size()));
  const uint32_t wanted =
      Wire::MakeTag(1, Wire::WireTypeForFieldType(static_cast<Wire::FieldType>(type)));
  while (const uint32_t tag = in.ReadTag()) {
    const bool read = tag == wanted ? ReadScalar(type, in, value) : Wire::SkipField(&in, tag);
    if (!read) return false;
  }
  return in.ConsumedEntireMessage();
}

}  // namespace

ProtobufField PlanProtobufField(const FieldDescriptor& field, FieldKind to) {
  ProtobufField plan;
  plan.field = &field;
  plan.type = field.type();
  plan.repeated = field.is_repeated();
  plan.tells_absence = field.has_presence();
  plan.oneof = field.real_containing_oneof();
  const auto choose = [&](Shape shape, ValueKind kind) {
    if (!CanConvert(kind, to)) return;
    plan.shape = shape;
    plan.kind = kind;
  };
  if (field.type() == FieldDescriptor::TYPE_ENUM) {
    plan.closed_enum =
        field.containing_type()->file()->syntax() != pb::FileDescriptor::SYNTAX_PROTO3;
    if (to == FieldKind::kString || to == FieldKind::kBytes) {
      choose(Shape::kEnumName, ValueKind::kText);
    } else if (to == FieldKind::kInt32 || to == FieldKind::kInt64) {
      choose(Shape::kScalar, ValueKind::kInt);
    }
  } else if (field.type() == FieldDescriptor::TYPE_MESSAGE) {
    const pb::Descriptor& message = *field.message_type();
    if (message.full_name() == "google.protobuf.Timestamp") {
      choose(Shape::kTimestamp, ValueKind::kSecondsAndNanos);
    } else if (IsWrapper(message)) {
      plan.type = message.field(0)->type();
      choose(Shape::kWrapper, *ScalarKind(plan.type));
    }
  } else if (const auto kind = ScalarKind(field.type())) {
    choose(Shape::kScalar, *kind);
  }
  return plan;
}

std::string ProtobufTypeText(const FieldDescriptor& field) {
  std::string text = field.type_name();
  if (field.type() == FieldDescriptor::TYPE_MESSAGE) text = field.message_type()->full_name();
  if (field.type() == FieldDescriptor::TYPE_ENUM) text += " " + field.enum_type()->full_name();
  if (field.is_map()) return "a map";
  return (field.is_repeated() ? "repeated " : "of type ") + text;
}

uint32_t WireTypeOf(const ProtobufField& field) {
  return Wire::WireTypeForFieldType(static_cast<Wire::FieldType>(field.field->type()));
}

bool ReadProtobufBytes(pb::io::CodedInputStream& in, std::string_view* bytes) {
  uint32_t size = 0;
  const void* data = nullptr;
  int available = 0;
  if (!in.ReadVarint32(&size) || size > INT32_MAX) return false;
  *bytes = {};
  if (size == 0) return true;
  // The message lies in memory as a whole, so all that is left of it is here.
  if (!in.GetDirectBufferPointer(&data, &available)) return false;
  if (static_cast<uint32_t>(available) < size) return false;
  *bytes = {static_cast<const char*>(data), size};
  return in.Skip(static_cast<int>(size));
}

bool ReadProtobufValue(ProtobufField& field, pb::io::CodedInputStream& in, TypedValue* value) {
  std::string_view bytes;
  switch (field.shape) {
    case Shape::kTimestamp:
      return ReadProtobufBytes(in, &bytes) && MergeTimestamp(bytes, value);
    case Shape::kWrapper:
      return ReadProtobufBytes(in, &bytes) && MergeWrapper(field.type, bytes, value);
    default:
      return ReadScalar(field.type, in, value);
  }
}

bool ReadProtobufKey(const pb::Descriptor& entry, std::string_view bytes, std::string* key) {
  const FieldDescriptor::Type type = entry.map_key()->type();
  TypedValue value;
  if (!MergeWrapper(type, bytes, &value)) return false;  // it is the field of the same number
  const ValueKind kind = *ScalarKind(type);
  *key = kind == ValueKind::kText ? std::string(value.bytes) : TypedValueText(kind, value);
  return true;
}

bool NameEnumValue(const ProtobufField& field, TypedValue* value) {
  const pb::EnumValueDescriptor* const named =
      field.field->enum_type()->FindValueByNumber(static_cast<int>(value->int_value));
  if (named == nullptr) return false;
  value->bytes = named->name();
  return true;
}

}  // namespace skewless
