#include "decode/protobuf_decoder.h"

#include <google/protobuf/wire_format_lite.h>

#include <utility>

#include "decode/protobuf_plan.h"

namespace skewless {
namespace {

namespace pb = google::protobuf;
using Wire = pb::internal::WireFormatLite;
using Shape = ProtobufField::Shape;

}  // namespace

struct ProtobufDecoder::Impl {
  Impl(std::shared_ptr<const ProtobufSchema> from, const pb::Descriptor& message,
       const Schema& declared)
      : schema(std::move(from)),
        tree(declared),
        columns(ColumnsOf(declared)),
        root(PlanProtobuf(message, tree, columns, &problems)) {}

  static std::vector<TypedColumn> ColumnsOf(const Schema& declared) {
    std::vector<TypedColumn> columns;
    for (size_t i = 0; i < declared.columns.size(); ++i) columns.emplace_back(declared, i);
    return columns;
  }

  bool Decode(std::string_view bytes, RowBuilder& row, std::string* reason) {
    reason->clear();
    misfit = reason;
    malformed.clear();
    payload = bytes;
    rows = &row;
    Begin(root);
    if (!ReadMessage(root, bytes)) [[unlikely]] {
      *reason = std::move(malformed);
      return false;
    }
    Finish(root);
    return reason->empty();
  }

  void Begin(ProtobufPlan& plan) {
    plan.next = 0;
    for (ProtobufField& field : plan.fields) {
      field.seen = false;
      if (field.repeated) columns[static_cast<size_t>(field.column)].BeginList();
      if (field.shape != Shape::kMap) continue;
      for (const auto& entry : field.within) entry->seen = false;
    }
  }

  // A message's fields over those that came before.
  bool ReadMessage(ProtobufPlan& plan, std::string_view bytes) {
    pb::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                static_cast<int>(bytes.size()));
    while (const uint32_t tag = in.ReadTag()) {
      const auto number = static_cast<uint32_t>(Wire::GetTagFieldNumber(tag));
      ProtobufField* const field = Find(plan, number);
      const bool read =
          field == nullptr ? Wire::SkipField(&in, tag) : ReadField(plan, *field, tag, in);
      if (!read) [[unlikely]]
        return Malformed(plan, field, tag, bytes, in);
    }
    return in.ConsumedEntireMessage() || Malformed(plan, nullptr, 0, bytes, in);
  }

  // Writers write fields in the order of their numbers, so the next one is mostly the next one.
  static ProtobufField* Find(ProtobufPlan& plan, uint32_t number) {
    std::vector<ProtobufField>& fields = plan.fields;
    size_t& next = plan.next;
    const auto wanted = static_cast<int>(number);
    for (size_t at = next; at < fields.size() && fields[at].field->number() <= wanted; ++at) {
      if (fields[at].field->number() != wanted) continue;
      next = at;
      return &fields[at];
    }
    if (next >= fields.size() || fields[next].field->number() > wanted) {
      for (size_t at = 0; at < next && at < fields.size(); ++at) {
        if (fields[at].field->number() != wanted) continue;
        next = at;
        return &fields[at];
      }
    }
    return nullptr;
  }

  bool ReadField(ProtobufPlan& plan, ProtobufField& field, uint32_t tag,
                 pb::io::CodedInputStream& in) {
    const uint32_t written = Wire::GetTagWireType(tag);
    const uint32_t own = WireTypeOf(field);
    if (field.column < 0) return ReadOther(plan, field, tag, in);
    const bool packed = field.repeated && written == Wire::WIRETYPE_LENGTH_DELIMITED &&
                        own != Wire::WIRETYPE_LENGTH_DELIMITED;
    if (packed) return ReadPacked(field, in);
    if (written != own) return Wire::SkipField(&in, tag);  // as any unknown field
    if (field.repeated) return ReadElement(field, in);
    // A message is merged with what came before, unless another of its oneof was there.
    TypedValue value;
    if (field.seen) value = field.value;
    if (!ReadProtobufValue(field, in, &value)) return false;
    if (field.closed_enum && IsUnknown(field, value)) return true;
    Choose(plan, field);
    field.value = value;
    return true;
  }

  // What is no column: a message or a map that holds some, or a member of a oneof.
  bool ReadOther(ProtobufPlan& plan, ProtobufField& field, uint32_t tag,
                 pb::io::CodedInputStream& in) {
    if (field.shape == Shape::kNone) return ReadSibling(plan, field, tag, in);
    if (Wire::GetTagWireType(tag) != WireTypeOf(field)) return Wire::SkipField(&in, tag);
    std::string_view bytes;
    if (!ReadProtobufBytes(in, &bytes)) return false;
    if (field.shape == Shape::kMap) return ReadEntry(field, bytes);
    if (!field.seen) Begin(*field.within[0]);
    if (!ReadMessage(*field.within[0], bytes)) return false;
    Choose(plan, field);
    return true;
  }

  // The last entry of a key is the one that counts.
  bool ReadEntry(ProtobufField& map, std::string_view bytes) {
    if (!ReadProtobufKey(*map.field->message_type(), bytes, &key)) return false;
    for (const auto& entry : map.within) {
      if (entry->key != key) continue;
      if (HasUnknownEnum(*entry, bytes)) return true;
      Begin(*entry);
      entry->seen = true;
      return ReadMessage(*entry, bytes);
    }
    return true;
  }

  // Then the entry as a whole is as if it were not there.
  static bool HasUnknownEnum(ProtobufPlan& entry, std::string_view bytes) {
    if (entry.fields.empty() || !entry.fields[0].closed_enum) return false;
    ProtobufField& field = entry.fields[0];
    const uint32_t wanted = Wire::MakeTag(2, Wire::WIRETYPE_VARINT);
    pb::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                static_cast<int>(bytes.size()));
    TypedValue value;
    bool found = false;
    while (const uint32_t tag = in.ReadTag()) {
      if (tag != wanted && !Wire::SkipField(&in, tag)) return false;
      if (tag != wanted) continue;
      if (!ReadProtobufValue(field, in, &value)) return false;
      found = true;
    }
    return found && IsUnknown(field, value);
  }

  bool ReadSibling(ProtobufPlan& plan, ProtobufField& field, uint32_t tag,
                   pb::io::CodedInputStream& in) {
    if (Wire::GetTagWireType(tag) != WireTypeOf(field) || !field.closed_enum) {
      if (!Wire::SkipField(&in, tag)) return false;
      if (Wire::GetTagWireType(tag) == WireTypeOf(field)) Choose(plan, field);
      return true;
    }
    TypedValue value;
    if (!ReadProtobufValue(field, in, &value)) return false;
    if (!IsUnknown(field, value)) Choose(plan, field);
    return true;
  }

  static void Choose(ProtobufPlan& plan, ProtobufField& field) {
    if (field.oneof != nullptr) {
      for (ProtobufField& other : plan.fields) {
        if (other.oneof == field.oneof) other.seen = false;
      }
    }
    field.seen = true;
  }

  static bool IsUnknown(const ProtobufField& field, const TypedValue& value) {
    return field.field->enum_type()->FindValueByNumber(static_cast<int>(value.int_value)) ==
           nullptr;
  }

  bool ReadElement(ProtobufField& field, pb::io::CodedInputStream& in) {
    TypedValue value;
    if (!ReadProtobufValue(field, in, &value)) return false;
    if (field.closed_enum && IsUnknown(field, value)) return true;
    Put(field, value);
    return true;
  }

  bool ReadPacked(ProtobufField& field, pb::io::CodedInputStream& in) {
    std::string_view bytes;
    if (!ReadProtobufBytes(in, &bytes)) return false;
    pb::io::CodedInputStream elements(reinterpret_cast<const uint8_t*>(bytes.data()),
                                      static_cast<int>(bytes.size()));
    while (elements.CurrentPosition() < static_cast<int>(bytes.size())) {
      if (!ReadElement(field, elements)) return false;
    }
    return true;
  }

  void Put(const ProtobufField& field, TypedValue value) {
    TypedColumn& column = columns[static_cast<size_t>(field.column)];
    if (field.shape == Shape::kEnumName && !NameEnumValue(field, &value)) {
      return Misfit("column '" + column.spec().name + "': " + std::to_string(value.int_value) +
                    " is no value of " + field.field->enum_type()->full_name());
    }
    const Parsed parsed = column.Put(field.kind, value, *rows);
    if (parsed == Parsed::kOk) [[likely]]
      return;
    Misfit(ValueReason(column.spec(), TypedValueText(field.kind, value), parsed));
  }

  // The first value that does not fit is the one that is named.
  void Misfit(std::string reason) {
    if (misfit->empty()) *misfit = std::move(reason);
  }

  void Finish(ProtobufPlan& plan) {
    for (ProtobufField& field : plan.fields) {
      if (field.column < 0) {
        FinishWithin(field);
      } else if (field.repeated) {
        columns[static_cast<size_t>(field.column)].EndList(*rows);
      } else if (field.seen) {
        Put(field, field.value);
      } else if (!field.tells_absence) {
        Put(field, TypedValue{});
      }
    }
  }

  // The columns of a message that is absent are null.
  void FinishWithin(ProtobufField& field) {
    if (field.shape == Shape::kMap) {
      for (const auto& entry : field.within) {
        if (entry->seen) Finish(*entry);
      }
    } else if (field.shape == Shape::kRecord && (field.seen || !field.tells_absence)) {
      if (!field.seen) Begin(*field.within[0]);
      Finish(*field.within[0]);
    }
  }

  // Always false. The innermost message is the one that is named.
  bool Malformed(const ProtobufPlan& plan, const ProtobufField* field, uint32_t tag,
                 std::string_view bytes, const pb::io::CodedInputStream& in) {
    if (!malformed.empty()) return false;
    const int number = Wire::GetTagFieldNumber(tag);
    const pb::FieldDescriptor* known =
        field != nullptr ? field->field : plan.message.FindFieldByNumber(number);
    malformed = "not valid Protobuf of " + plan.message.full_name();
    if (known != nullptr) {
      malformed += ": field '" + known->name() + "'";
    } else if (number > 0) {
      malformed += ": field " + std::to_string(number);
    }
    const auto begin = bytes.empty() ? 0 : bytes.data() - payload.data();
    malformed += ", at byte " + std::to_string(begin + in.CurrentPosition());
    return false;
  }

  std::shared_ptr<const ProtobufSchema> schema;
  FieldTree tree;
  std::vector<TypedColumn> columns;
  std::vector<ColumnProblem> problems;
  ProtobufPlan root;
  // While a message is decoded.
  std::string_view payload;
  std::string* misfit = nullptr;
  std::string malformed;
  std::string key;
  RowBuilder* rows = nullptr;
};

ProtobufDecoder::ProtobufDecoder(std::shared_ptr<const ProtobufSchema> schema,
                                 const pb::Descriptor& message, const Schema& columns)
    : impl_(std::make_unique<Impl>(std::move(schema), message, columns)) {}
ProtobufDecoder::~ProtobufDecoder() = default;
ProtobufDecoder::ProtobufDecoder(ProtobufDecoder&&) noexcept = default;
ProtobufDecoder& ProtobufDecoder::operator=(ProtobufDecoder&&) noexcept = default;

const std::vector<ColumnProblem>& ProtobufDecoder::problems() const { return impl_->problems; }

bool ProtobufDecoder::Decode(std::string_view bytes, RowBuilder& rows, std::string* reason) {
  return impl_->Decode(bytes, rows, reason);
}

}  // namespace skewless
