// Any bytes as messages of a type that has every kind of field: no crash, the same rows however
// many are decoded at a time, and what libprotobuf's own parser reads from the same bytes.
#include <google/protobuf/dynamic_message.h>

#include "decode/message_fuzzing.h"
#include "decode/protobuf_messages.h"
#include "model/list.h"

namespace skewless {
namespace {

namespace pb = google::protobuf;

constexpr std::string_view kText = R"(
syntax = "proto3";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum Kind { NONE = 0; CLICK = 1; BELOW = -2; }
message Event {
  message Tree {
    repeated Tree children = 1;
    map<string, Tree> named = 2;
    optional int64 leaf = 3;
    int64 default_leaf = 4;
    oneof choice { Tree one = 5; int64 two = 6; }
    map<int32, int64> numbered = 7;
  }
  int64 a = 1;
  optional string b = 2;
  float c = 3;
  google.protobuf.Timestamp d = 4;
  repeated sint32 e = 5;
  repeated string f = 6;
  oneof choice { bool g = 7; bytes h = 8; int32 i = 9; Tree other = 10; google.protobuf.Int64Value j = 11; }
  Tree skipped = 12;
  fixed64 k = 300;
  uint32 l = 13;
  double m = 14;
  Kind n = 15;
  repeated fixed32 o = 16;
})";

Schema Columns() {
  const auto column = [](const char* name, TypeKind kind, bool is_list = false) {
    return ColumnSpec{name, {kind, is_list}, TimestampUnit::kText};
  };
  const auto within = [&](const char* name, std::vector<std::string> field) {
    ColumnSpec spec = column(name, TypeKind::kInt64);
    spec.field = std::move(field);
    return spec;
  };
  return {{column("a", TypeKind::kInt64),
           column("b", TypeKind::kString),
           column("c", TypeKind::kFloat32),
           column("d", TypeKind::kTimestamp),
           column("e", TypeKind::kInt32, true),
           column("f", TypeKind::kString, true),
           column("g", TypeKind::kBool),
           column("h", TypeKind::kBytes),
           column("i", TypeKind::kInt64),
           column("j", TypeKind::kInt64),
           column("k", TypeKind::kInt64),
           column("l", TypeKind::kInt64),
           column("m", TypeKind::kFloat64),
           column("n", TypeKind::kString),
           column("o", TypeKind::kInt64, true),
           within("p", {"skipped", "leaf"}),
           within("q", {"skipped", "named", "a", "leaf"}),
           within("r", {"skipped", "named", "a", "one", "default_leaf"}),
           within("s", {"skipped", "one", "leaf"}),
           within("t", {"skipped", "numbered", "-1"}),
           within("u", {"other", "default_leaf"})}};
}

// libprotobuf's parser over the same descriptor, printed as FormatValue prints a row.
class Reference {
 public:
  explicit Reference(const pb::Descriptor& type) : message_(factory_.GetPrototype(&type)->New()) {}

  bool Parse(std::string_view bytes) {
    return message_->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }

  std::string Row(const Schema& columns) const {
    std::string text;
    for (const ColumnSpec& column : columns.columns) text += FormatValue(Cell(column).view()) + "|";
    return text;
  }

 private:
  Value Cell(const ColumnSpec& column) const {
    if (column.field.empty()) return ValueOf(*message_, column.name, column);
    const pb::Message* at = message_.get();
    for (size_t i = 0; i + 1 < column.field.size(); ++i) {
      const pb::FieldDescriptor& field = *at->GetDescriptor()->FindFieldByName(column.field[i]);
      const pb::Reflection& of = *at->GetReflection();
      if (field.is_map()) {
        at = Entry(*at, field, column.field[i + 1]);
        if (at == nullptr) return Value::Null(column.type);
        if (field.message_type()->map_value()->type() != pb::FieldDescriptor::TYPE_MESSAGE)
          return ValueOf(*at, "value", column);
        // An entry always has a value.
        at = &at->GetReflection()->GetMessage(*at, field.message_type()->map_value());
        ++i;
      } else if (of.HasField(*at, &field)) {
        at = &of.GetMessage(*at, &field);
      } else {
        return Value::Null(column.type);
      }
    }
    return ValueOf(*at, column.field.back(), column);
  }

  static const pb::Message* Entry(const pb::Message& m, const pb::FieldDescriptor& field,
                                  const std::string& key) {
    const pb::Reflection& of = *m.GetReflection();
    const pb::FieldDescriptor& of_key = *field.message_type()->map_key();
    // Entries of a key that comes again are all there, and the last one counts.
    for (int i = of.FieldSize(m, &field) - 1; i >= 0; --i) {
      const pb::Message& entry = of.GetRepeatedMessage(m, &field, i);
      const pb::Reflection& of_entry = *entry.GetReflection();
      const std::string found = of_key.type() == pb::FieldDescriptor::TYPE_STRING
                                    ? of_entry.GetString(entry, &of_key)
                                    : std::to_string(of_entry.GetInt32(entry, &of_key));
      if (found == key) return &entry;
    }
    return nullptr;
  }

  static Value ValueOf(const pb::Message& m, const std::string& name, const ColumnSpec& column) {
    const pb::FieldDescriptor& field = *m.GetDescriptor()->FindFieldByName(name);
    if (field.is_repeated()) return ListOf(m, field, column);
    if (field.has_presence() && !m.GetReflection()->HasField(m, &field)) {
      return Value::Null(column.type);
    }
    if (field.type() != pb::FieldDescriptor::TYPE_MESSAGE) return Scalar(m, field, column, -1);
    const pb::Message& inner = m.GetReflection()->GetMessage(m, &field);
    const pb::Reflection& of = *inner.GetReflection();
    const pb::Descriptor& type = *inner.GetDescriptor();
    const int64_t first = of.GetInt64(inner, type.field(0));
    if (column.type.kind == TypeKind::kInt64) return Value::Int(first, column.type);
    return Value::Int(first * 1'000'000 + of.GetInt32(inner, type.field(1)) / 1000, column.type);
  }

  static Value ListOf(const pb::Message& m, const pb::FieldDescriptor& field,
                      const ColumnSpec& column) {
    ListBuilder list(column.type.kind);
    const ColumnSpec element{column.name, {column.type.kind, false}, column.unit};
    for (int i = 0; i < m.GetReflection()->FieldSize(m, &field); ++i) {
      const Value value = Scalar(m, field, element, i);
      list.Add(value.view());
    }
    return {column.type, true, 0, 0, std::string(list.Finish())};
  }

  // `index`: of an element, or -1.
  static Value Scalar(const pb::Message& m, const pb::FieldDescriptor& field,
                      const ColumnSpec& column, int index) {
    const pb::Reflection& of = *m.GetReflection();
    const bool one = index < 0;
    using Cpp = pb::FieldDescriptor;
    switch (field.cpp_type()) {
      case Cpp::CPPTYPE_INT32:
        return Value::Int(one ? of.GetInt32(m, &field) : of.GetRepeatedInt32(m, &field, index),
                          column.type);
      case Cpp::CPPTYPE_INT64:
        return Value::Int(of.GetInt64(m, &field), column.type);
      case Cpp::CPPTYPE_UINT32:
        return Value::Int(one ? of.GetUInt32(m, &field) : of.GetRepeatedUInt32(m, &field, index),
                          column.type);
      case Cpp::CPPTYPE_UINT64:
        return Value::Int(static_cast<int64_t>(of.GetUInt64(m, &field)), column.type);
      case Cpp::CPPTYPE_FLOAT:
        return Value::Double(static_cast<double>(of.GetFloat(m, &field)), column.type);
      case Cpp::CPPTYPE_DOUBLE:
        return Value::Double(of.GetDouble(m, &field), column.type);
      case Cpp::CPPTYPE_BOOL:
        return Value::Int(of.GetBool(m, &field) ? 1 : 0, column.type);
      case Cpp::CPPTYPE_ENUM:
        return Value::String(of.GetEnum(m, &field)->name(), column.type);
      default:
        return Value::String(one ? of.GetString(m, &field) : of.GetRepeatedString(m, &field, index),
                             column.type);
    }
  }

  pb::DynamicMessageFactory factory_;
  std::unique_ptr<pb::Message> message_;
};

struct Decoders {
  Schema columns = Columns();
  std::shared_ptr<const ProtobufSchema> schema;
  std::unique_ptr<MessageDecoder> ours;
  std::unique_ptr<Reference> reference;

  Decoders() {
    const SchemaText text{"event.proto", std::string(kText)};
    schema = *ProtobufSchema::Parse({&text, 1});
    DecodeOptions options;
    options.schema = &columns;
    ours = std::move(*OpenProtobufMessages(options, schema, "Event", false));
    reference = std::make_unique<Reference>(**schema->Message("Event"));
  }
};

void Compare(Decoders& decoders, const Message& message) {
  const std::string text = MessagesText(*decoders.ours, decoders.columns, {&message, 1});
  const bool parsed = decoders.reference->Parse(message.payload);
  if (text.ends_with("|")) {
    // libprotobuf also looks into what no column wants, and may refuse the message for it.
    if (parsed) SKEWLESS_CHECK(text == decoders.reference->Row(decoders.columns));
  } else {
    // What it can parse is bad only for a value that does not fit.
    if (parsed) SKEWLESS_CHECK(text.find("not valid Protobuf") == std::string::npos);
  }
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  static Decoders decoders;
  static const bool quiet = [] {
    pb::SetLogHandler(nullptr);
    return true;
  }();
  static_cast<void>(quiet);
  const auto messages = CutMessages({data, size});
  CheckMessages(*decoders.ours, decoders.columns, messages);
  for (const Message& message : messages) Compare(decoders, message);
  return 0;
}
