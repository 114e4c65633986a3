#include "decode/protobuf_decoder.h"

#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <utility>

#include "decode/protobuf_field.h"

namespace skewless {
namespace {

namespace pb = google::protobuf;
using Wire = pb::internal::WireFormatLite;
using Shape = ProtobufField::Shape;

}  // namespace

struct ProtobufDecoder::Impl {
  Impl(std::shared_ptr<const ProtobufSchema> from, const pb::Descriptor& type,
       const Schema& declared)
      : schema(std::move(from)), message(type) {
    std::vector<std::string> names;
    names.reserve(static_cast<size_t>(message.field_count()));
    for (int i = 0; i < message.field_count(); ++i) names.push_back(message.field(i)->name());
    for (size_t i = 0; i < declared.columns.size(); ++i) {
      columns.emplace_back(declared, i);
      PlanColumn(i, names);
    }
    AddOneofSiblings();
    std::sort(fields.begin(), fields.end(), [](const ProtobufField& a, const ProtobufField& b) {
      return a.field->number() < b.field->number();
    });
  }

  void PlanColumn(size_t column, const std::vector<std::string>& names) {
    const ColumnSpec& spec = columns[column].spec();
    const pb::FieldDescriptor* const field = message.FindFieldByName(spec.name);
    if (field == nullptr) {
      problems.push_back(MissingField(spec, column, names));
      return;
    }
    ProtobufField plan = PlanProtobufField(*field, columns[column].kind());
    plan.column = static_cast<int>(column);
    if (plan.shape == Shape::kNone || plan.repeated != columns[column].is_list()) {
      problems.push_back(UnreadableField(spec, column, ProtobufTypeText(*field)));
      return;
    }
    fields.push_back(plan);
  }

  // Of a oneof, whatever member comes last takes the others away, wanted or not.
  void AddOneofSiblings() {
    const size_t wanted = fields.size();
    for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
      const pb::OneofDescriptor* const oneof = message.oneof_decl(i);
      const auto is_member = [&](const ProtobufField& field) { return field.oneof == oneof; };
      const auto end = fields.begin() + static_cast<std::ptrdiff_t>(wanted);
      if (std::none_of(fields.begin(), end, is_member)) continue;
      for (int member = 0; member < oneof->field_count(); ++member) {
        const pb::FieldDescriptor* const field = oneof->field(member);
        const bool known = std::any_of(fields.begin(), fields.end(),
                                       [&](const ProtobufField& f) { return f.field == field; });
        if (known) continue;
        ProtobufField sibling;
        sibling.field = field;
        sibling.type = field->type();
        sibling.oneof = oneof;
        sibling.closed_enum = field->type() == pb::FieldDescriptor::TYPE_ENUM &&
                              message.file()->syntax() != pb::FileDescriptor::SYNTAX_PROTO3;
        fields.push_back(sibling);
      }
    }
  }

  bool Decode(std::string_view bytes, RowBuilder& row, std::string* reason) {
    Begin();
    reason->clear();
    misfit = reason;
    rows = &row;
    pb::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                static_cast<int>(bytes.size()));
    while (const uint32_t tag = in.ReadTag()) {
      ProtobufField* const field = Find(static_cast<uint32_t>(Wire::GetTagFieldNumber(tag)));
      const bool read = field == nullptr ? Wire::SkipField(&in, tag) : ReadField(*field, tag, in);
      if (!read) [[unlikely]] {
        *reason = Malformed(field, tag, in);
        return false;
      }
    }
    if (!in.ConsumedEntireMessage()) {
      *reason = Malformed(nullptr, 0, in);
      return false;
    }
    Finish();
    return reason->empty();
  }

  void Begin() {
    next = 0;
    for (ProtobufField& field : fields) {
      field.seen = false;
      if (field.repeated) columns[static_cast<size_t>(field.column)].BeginList();
    }
  }

  // Writers write fields in the order of their numbers, so the next one is mostly the next one.
  ProtobufField* Find(uint32_t number) {
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

  bool ReadField(ProtobufField& field, uint32_t tag, pb::io::CodedInputStream& in) {
    const uint32_t written = Wire::GetTagWireType(tag);
    const uint32_t own = WireTypeOf(field);
    if (field.column < 0) return ReadSibling(field, tag, in);
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
    Choose(field);
    field.value = value;
    return true;
  }

  bool ReadSibling(ProtobufField& field, uint32_t tag, pb::io::CodedInputStream& in) {
    if (Wire::GetTagWireType(tag) != WireTypeOf(field) || !field.closed_enum) {
      if (!Wire::SkipField(&in, tag)) return false;
      if (Wire::GetTagWireType(tag) == WireTypeOf(field)) Choose(field);
      return true;
    }
    TypedValue value;
    if (!ReadProtobufValue(field, in, &value)) return false;
    if (!IsUnknown(field, value)) Choose(field);
    return true;
  }

  void Choose(ProtobufField& field) {
    if (field.oneof != nullptr) {
      for (ProtobufField& other : fields) {
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

  void Finish() {
    for (const ProtobufField& field : fields) {
      if (field.column < 0) continue;
      TypedColumn& column = columns[static_cast<size_t>(field.column)];
      if (field.repeated) {
        column.EndList(*rows);
      } else if (field.seen) {
        Put(field, field.value);
      } else if (!field.tells_absence) {
        Put(field, TypedValue{});
      }
    }
  }

  std::string Malformed(const ProtobufField* field, uint32_t tag,
                        const pb::io::CodedInputStream& in) const {
    const int number = Wire::GetTagFieldNumber(tag);
    const pb::FieldDescriptor* known =
        field != nullptr ? field->field : message.FindFieldByNumber(number);
    std::string text = "not valid Protobuf of " + message.full_name();
    if (known != nullptr) {
      text += ": field '" + known->name() + "'";
    } else if (number > 0) {
      text += ": field " + std::to_string(number);
    }
    return text + ", at byte " + std::to_string(in.CurrentPosition());
  }

  std::shared_ptr<const ProtobufSchema> schema;
  const pb::Descriptor& message;
  std::vector<TypedColumn> columns;
  std::vector<ProtobufField> fields;  // by number
  size_t next = 0;                    // the one that was found last
  std::vector<ColumnProblem> problems;
  // While a message is decoded.
  std::string* misfit = nullptr;
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
