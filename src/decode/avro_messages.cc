#include "decode/avro_messages.h"

#include <algorithm>
#include <utility>

#include "decode/avro_decoder.h"
#include "decode/writer_messages.h"

namespace skewless {
namespace {

class AvroWriter final : public WriterDecoder {
 public:
  explicit AvroWriter(AvroDecoder decoder) : decoder_(std::move(decoder)) {}

  void Decode(std::span<const Message> messages, size_t header_bytes, RowBuilder& rows,
              std::vector<BadRecord>* bad) override {
    for (const Message& message : messages) {
      std::string_view bytes = message.payload.substr(header_bytes);
      if (decoder_.Decode(&bytes, rows, &reason_) == AvroDecoder::Outcome::kGood && bytes.empty())
          [[likely]] {
        KeepMessage(message, rows, bad);
        continue;
      }
      rows.Discard();
      if (reason_.empty()) {
        reason_ = "not valid Avro of its schema: " + std::to_string(bytes.size()) +
                  " bytes follow the record";
      }
      AddBadMessage(message, reason_, bad);
    }
  }

 private:
  AvroDecoder decoder_;
  std::string reason_;
};

Result<std::unique_ptr<WriterDecoder>> MakeAvroWriter(const RegisteredSchema& registered,
                                                      const Schema& columns) {
  if (registered.type != "AVRO") {
    return Fail(ErrorCode::kInvalid, "is of type " + registered.type + ", not AVRO");
  }
  SKEWLESS_ASSIGN_OR_RETURN(auto schema, AvroSchema::Parse(registered.texts));
  SKEWLESS_ASSIGN_OR_RETURN(auto decoder, AvroDecoder::Make(std::move(schema), columns));
  for (const ColumnProblem& problem : decoder.problems()) {
    if (!problem.is_missing) return Fail(ErrorCode::kInvalid, problem.message);
  }
  return std::make_unique<AvroWriter>(std::move(decoder));
}

}  // namespace

Result<std::unique_ptr<MessageDecoder>> OpenAvroMessages(const DecodeOptions& options,
                                                         std::shared_ptr<const AvroSchema> schema,
                                                         bool framed) {
  SKEWLESS_ASSIGN_OR_RETURN(auto decoder, AvroDecoder::Make(std::move(schema), *options.schema));
  if (!decoder.problems().empty()) {
    const ColumnProblem& problem = decoder.problems()[0];
    return Fail(ErrorCode::kInvalid, problem.message, problem.remedy);
  }
  return OneWriterMessages(options, framed, std::make_unique<AvroWriter>(std::move(decoder)));
}

std::unique_ptr<MessageDecoder> OpenAvroMessages(const DecodeOptions& options,
                                                 std::unique_ptr<SchemaSource> schemas) {
  const Schema& columns = *options.schema;
  return RegisteredMessages(
      options, std::move(schemas),
      [&columns](const RegisteredSchema& schema) { return MakeAvroWriter(schema, columns); });
}

Result<std::vector<ColumnProblem>> CheckAvroColumns(std::shared_ptr<const AvroSchema> schema,
                                                    const Schema& columns) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto decoder, AvroDecoder::Make(std::move(schema), columns));
  return decoder.problems();
}

}  // namespace skewless
