#include "decode/text_messages.h"

#include "decode/confluent_framing.h"
#include "decode/csv_fields.h"
#include "decode/csv_record.h"
#include "decode/json_decoder.h"
#include "decode/row_builder.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

// A payload lies where the client library put it, and nothing behind it may be read: it is copied
// to where it may. A zero byte follows it there.
class PaddedText {
 public:
  std::string_view Hold(std::string_view text) {
    if (text.size() + 1 + TextInput::kPadding > held_.size()) {
      held_.resize(2 * text.size() + 1 + TextInput::kPadding);
    }
    text.copy(held_.data(), text.size());
    held_[text.size()] = '\0';
    return {held_.data(), text.size()};
  }

 private:
  std::string held_ = std::string(4096, ' ');
};

// What the two formats share. `One` decodes a padded payload into the current row.
template <typename One>
class TextMessages final : public MessageDecoder {
 public:
  TextMessages(const DecodeOptions& options, One one)
      : rows_(*options.schema, options.required), one_(std::move(one)) {}

  Status Decode(std::span<const Message> messages, Batch* batch,
                std::vector<BadRecord>* bad) override {
    rows_.Begin(batch, messages.size());
    for (const Message& message : messages) {
      if (message.payload.size() > kMaxRecordBytes) [[unlikely]] {
        reason_ = TooLongReason();
      } else if (!one_(padded_.Hold(message.payload), rows_, &reason_)) [[unlikely]] {
        rows_.Discard();
      } else if (rows_.Keep(&reason_)) [[likely]] {
        continue;
      }
      bad->push_back({message.offset, 0, reason_, std::string(KeptPart(message.payload))});
    }
    rows_.End();
    return {};
  }

 private:
  RowBuilder rows_;
  PaddedText padded_;
  One one_;
  std::string reason_;
};

struct OneJson {
  std::unique_ptr<JsonDecoder> decoder;
  bool framed;
  bool operator()(std::string_view text, RowBuilder& rows, std::string* reason) {
    int32_t schema_id = 0;
    if (framed && !TakeSchemaId(&text, &schema_id, reason)) [[unlikely]]
      return false;
    if (decoder->DecodePlain(text.data(), rows) == text.data() + text.size()) [[likely]]
      return true;
    rows.Discard();
    return decoder->Decode(text, rows, reason);
  }
};

struct OneCsv {
  std::unique_ptr<CsvFields> fields;
  char delimiter;
  CsvRecord record;
  bool operator()(std::string_view text, RowBuilder& rows, std::string* reason) {
    const char* const end = text.data() + text.size();
    if (text.empty()) {
      *reason = "an empty message";
    } else if (CutCsvRecord(text.data(), end, true, delimiter, &record) != CsvCut::kRecord) {
      *reason = "a quote is never closed";
    } else if (record.next != end) {
      *reason = "something follows the record";
    } else {
      return fields->Decode(record, rows, reason);
    }
    return false;
  }
};

}  // namespace

std::unique_ptr<MessageDecoder> DecodeJsonMessages(const DecodeOptions& options, bool framed) {
  return std::make_unique<TextMessages<OneJson>>(
      options, OneJson{std::make_unique<JsonDecoder>(*options.schema), framed});
}

std::unique_ptr<MessageDecoder> DecodeCsvMessages(const DecodeOptions& options,
                                                  const CsvOptions& csv) {
  return std::make_unique<TextMessages<OneCsv>>(
      options, OneCsv{std::make_unique<CsvFields>(*options.schema, csv), csv.delimiter, {}});
}

}  // namespace skewless
