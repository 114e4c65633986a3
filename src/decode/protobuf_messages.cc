#include "decode/protobuf_messages.h"

#include <google/protobuf/descriptor.h>

#include <optional>
#include <unordered_map>
#include <utility>

#include "decode/confluent_framing.h"
#include "decode/protobuf_decoder.h"
#include "decode/writer_messages.h"

namespace skewless {
namespace {

using google::protobuf::Descriptor;

class ProtobufWriter final : public WriterDecoder {
 public:
  // `only`: messages of other types are bad; null: those of any type are read.
  ProtobufWriter(std::shared_ptr<const ProtobufSchema> schema, const Schema& columns,
                 const Descriptor* only)
      : schema_(std::move(schema)), columns_(columns), only_(only) {
    if (only_ != nullptr) TypeOf(only_);
  }

  void Decode(std::span<const Message> messages, size_t header_bytes, RowBuilder& rows,
              std::vector<BadRecord>* bad) override {
    for (const Message& message : messages) {
      std::string_view bytes = message.payload.substr(header_bytes);
      Type* const type = header_bytes == 0 ? TypeOf(only_) : FindType(&bytes);
      if (type != nullptr && type->decoder && type->decoder->Decode(bytes, rows, &reason_))
          [[likely]] {
        KeepMessage(message, rows, bad);
        continue;
      }
      if (type != nullptr && !type->decoder) reason_ = type->refusal;
      rows.Discard();
      AddBadMessage(message, reason_, bad);
    }
  }

 private:
  // A message's type: its decoder, or why there is none.
  struct Type {
    std::optional<ProtobufDecoder> decoder;
    std::string refusal;
  };

  // The type that the front of `bytes` names; null, and reason_ says why, where it names none.
  Type* FindType(std::string_view* bytes) {
    if (!TakeMessagePath(bytes, &path_, &reason_)) return nullptr;
    if (last_ == nullptr || path_ != last_path_) {
      const Descriptor* const named = schema_->MessageAt(path_);
      if (named == nullptr) {
        reason_ = "the message's type is none of its schema";
        return nullptr;
      }
      last_ = TypeOf(named);
      last_path_ = path_;
    }
    return last_;
  }

  Type* TypeOf(const Descriptor* descriptor) {
    const auto [entry, is_new] = types_.try_emplace(descriptor);
    Type& type = entry->second;
    if (!is_new) return &type;
    if (only_ != nullptr && descriptor->full_name() != only_->full_name()) {
      type.refusal = "is of type " + descriptor->full_name() + ", not " + only_->full_name();
      return &type;
    }
    ProtobufDecoder decoder(schema_, *descriptor, columns_);
    for (const ColumnProblem& problem : decoder.problems()) {
      if (!problem.is_missing) type.refusal = descriptor->full_name() + ": " + problem.message;
    }
    if (type.refusal.empty()) type.decoder.emplace(std::move(decoder));
    return &type;
  }

  std::shared_ptr<const ProtobufSchema> schema_;
  const Schema& columns_;
  const Descriptor* only_;
  std::unordered_map<const Descriptor*, Type> types_;
  std::vector<int> path_;
  std::vector<int> last_path_;
  Type* last_ = nullptr;  // of last_path_
  std::string reason_;
};

Result<std::unique_ptr<WriterDecoder>> MakeProtobufWriter(const RegisteredSchema& registered,
                                                          const Schema& columns,
                                                          const std::string& message) {
  if (registered.type != "PROTOBUF") {
    return Fail(ErrorCode::kInvalid, "is of type " + registered.type + ", not PROTOBUF");
  }
  SKEWLESS_ASSIGN_OR_RETURN(auto schema, ProtobufSchema::Parse(registered.texts));
  const Descriptor* only = nullptr;
  if (!message.empty()) {
    SKEWLESS_ASSIGN_OR_RETURN(only, schema->Message(message));
  }
  return std::make_unique<ProtobufWriter>(std::move(schema), columns, only);
}

}  // namespace

Result<std::unique_ptr<MessageDecoder>> OpenProtobufMessages(
    const DecodeOptions& options, std::shared_ptr<const ProtobufSchema> schema,
    const std::string& message, bool framed) {
  const Descriptor* only = nullptr;
  if (!message.empty() || !framed) {
    SKEWLESS_ASSIGN_OR_RETURN(only, schema->Message(message));
    const auto problems = ProtobufDecoder(schema, *only, *options.schema).problems();
    if (!problems.empty()) {
      return Fail(ErrorCode::kInvalid, problems[0].message, problems[0].remedy);
    }
  }
  return OneWriterMessages(
      options, framed, std::make_unique<ProtobufWriter>(std::move(schema), *options.schema, only));
}

std::unique_ptr<MessageDecoder> OpenProtobufMessages(const DecodeOptions& options,
                                                     std::unique_ptr<SchemaSource> schemas,
                                                     const std::string& message) {
  const Schema& columns = *options.schema;
  return RegisteredMessages(options, std::move(schemas),
                            [&columns, message](const RegisteredSchema& schema) {
                              return MakeProtobufWriter(schema, columns, message);
                            });
}

Result<std::vector<ColumnProblem>> CheckProtobufColumns(
    const std::shared_ptr<const ProtobufSchema>& schema, const std::string& message,
    const Schema& columns) {
  SKEWLESS_ASSIGN_OR_RETURN(const Descriptor* type, schema->Message(message));
  return ProtobufDecoder(schema, *type, columns).problems();
}

}  // namespace skewless
