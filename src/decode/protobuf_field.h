// The fields of a message that are read: how each is written, and its value in the message at hand.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decode/typed_value.h"

namespace skewless {

struct ProtobufPlan;

struct ProtobufField {
  enum class Shape : uint8_t {
    kScalar,
    kEnumName,  // an enum that is read as its value's name
    kTimestamp,
    kWrapper,  // google.protobuf.Int64Value and its like: a message of one scalar
    kRecord,   // a message that holds columns
    kMap,      // some of its values hold columns, or are one
    kNone,     // can't be read
  };

  const google::protobuf::FieldDescriptor* field = nullptr;
  Shape shape = Shape::kNone;
  google::protobuf::FieldDescriptor::Type type{};  // of the scalar, a wrapper's within it
  ValueKind kind = ValueKind::kInt;
  int column = -1;  // none: it holds some, or is looked at as it clears others of its oneof
  bool repeated = false;
  bool tells_absence = false;
  bool closed_enum = false;  // an unknown number is as if it were not there
  const google::protobuf::OneofDescriptor* oneof = nullptr;
  std::vector<std::unique_ptr<ProtobufPlan>> within;  // of the message; of a map's entries, by key

  // In the message at hand. Of a field that comes twice the last counts; messages are merged.
  bool seen = false;
  TypedValue value;
};

// Of a message, the fields that are looked at.
struct ProtobufPlan {
  ProtobufPlan(const google::protobuf::Descriptor& of, std::string of_key)
      : message(of), key(std::move(of_key)) {}

  const google::protobuf::Descriptor& message;
  std::string key;                    // where it is a map's entry
  std::vector<ProtobufField> fields;  // by number

  // While a message is read.
  size_t next = 0;    // the field that was found last
  bool seen = false;  // of a map: there was such an entry
};

// How `field` reaches a column that is read as `to`; kNone where it can't.
ProtobufField PlanProtobufField(const google::protobuf::FieldDescriptor& field, FieldKind to);

// "a string", "an enum (shop.Kind)", "repeated int64": a field's type for people.
std::string ProtobufTypeText(const google::protobuf::FieldDescriptor& field);

// The wire type that one value is written with.
uint32_t WireTypeOf(const ProtobufField& field);
// Reads one value, its tag being read. False where the bytes end or can't be one.
bool ReadProtobufValue(ProtobufField& field, google::protobuf::io::CodedInputStream& in,
                       TypedValue* value);
// The key of a map's entry, as text. False where the entry's bytes end or can't be one.
bool ReadProtobufKey(const google::protobuf::Descriptor& entry, std::string_view bytes,
                     std::string* key);
// The bytes of a length-delimited value, where they lie.
bool ReadProtobufBytes(google::protobuf::io::CodedInputStream& in, std::string_view* bytes);
// Makes the name of an enum's number its text. False where the number has no name.
bool NameEnumValue(const ProtobufField& field, TypedValue* value);

}  // namespace skewless
