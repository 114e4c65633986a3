#include "decode/writer_messages.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "decode/confluent_framing.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

constexpr size_t kFrameBytes = 5;

// Messages that no decoder can be made for.
class RefusingWriter final : public WriterDecoder {
 public:
  explicit RefusingWriter(std::string reason) : reason_(std::move(reason)) {}
  void Decode(std::span<const Message> messages, size_t /*header_bytes*/, RowBuilder& /*rows*/,
              std::vector<BadRecord>* bad) override {
    for (const Message& message : messages) AddBadMessage(message, reason_, bad);
  }

 private:
  std::string reason_;
};

// Messages that say nothing of their schema; each for its own reason.
class UnframedWriter final : public WriterDecoder {
 public:
  void Decode(std::span<const Message> messages, size_t /*header_bytes*/, RowBuilder& /*rows*/,
              std::vector<BadRecord>* bad) override {
    for (const Message& message : messages) {
      std::string_view payload = message.payload;
      int32_t id = 0;
      std::string reason;
      TakeSchemaId(&payload, &id, &reason);
      AddBadMessage(message, std::move(reason), bad);
    }
  }
};

// The writer of each message is known before the first is decoded: then nothing can fail.
class WritersMessages : public MessageDecoder {
 public:
  WritersMessages(const DecodeOptions& options, size_t header_bytes)
      : rows_(*options.schema, options.required), header_bytes_(header_bytes) {}

  Status Decode(std::span<const Message> messages, Batch* batch,
                std::vector<BadRecord>* bad) override {
    SKEWLESS_RETURN_IF_ERROR(FindWriters(messages, &writers_));
    rows_.Begin(batch, messages.size());
    for (size_t begin = 0, end = 0; begin < messages.size(); begin = end) {
      while (end < messages.size() && writers_[end] == writers_[begin]) ++end;
      writers_[begin]->Decode(messages.subspan(begin, end - begin), header_bytes_, rows_, bad);
    }
    rows_.End();
    return {};
  }

 protected:
  virtual Status FindWriters(std::span<const Message> messages,
                             std::vector<WriterDecoder*>* writers) = 0;
  WriterDecoder* unframed() { return &unframed_; }

 private:
  RowBuilder rows_;
  size_t header_bytes_;
  std::vector<WriterDecoder*> writers_;  // by message
  UnframedWriter unframed_;
};

class OneWriter final : public WritersMessages {
 public:
  OneWriter(const DecodeOptions& options, bool framed, std::unique_ptr<WriterDecoder> writer)
      : WritersMessages(options, framed ? kFrameBytes : 0),
        framed_(framed),
        writer_(std::move(writer)) {}

 private:
  Status FindWriters(std::span<const Message> messages,
                     std::vector<WriterDecoder*>* writers) override {
    writers->assign(messages.size(), writer_.get());
    if (!framed_) return {};
    int32_t id = 0;
    std::string reason;
    for (size_t i = 0; i < messages.size(); ++i) {
      std::string_view payload = messages[i].payload;
      if (!TakeSchemaId(&payload, &id, &reason)) (*writers)[i] = unframed();
    }
    return {};
  }

  bool framed_;
  std::unique_ptr<WriterDecoder> writer_;
};

class ManyWriters final : public WritersMessages {
 public:
  ManyWriters(const DecodeOptions& options, std::unique_ptr<SchemaSource> schemas, MakeWriter make)
      : WritersMessages(options, kFrameBytes),
        schemas_(std::move(schemas)),
        make_(std::move(make)) {}

 private:
  Status FindWriters(std::span<const Message> messages,
                     std::vector<WriterDecoder*>* writers) override {
    // A schema that the registry did not have may be there by now.
    unknown_.clear();
    writers->clear();
    int32_t last_id = 0;
    WriterDecoder* last = nullptr;
    std::string reason;
    for (const Message& message : messages) {
      std::string_view payload = message.payload;
      int32_t id = 0;
      if (!TakeSchemaId(&payload, &id, &reason)) {
        writers->push_back(unframed());
        continue;
      }
      if (last == nullptr || id != last_id) {
        SKEWLESS_ASSIGN_OR_RETURN(last, FindWriter(id));
        last_id = id;
      }
      writers->push_back(last);
    }
    return {};
  }

  Result<WriterDecoder*> FindWriter(int32_t id) {
    for (const auto* cache : {&known_, &unknown_}) {
      if (const auto found = cache->find(id); found != cache->end()) return found->second.get();
    }
    const std::string named = "schema " + std::to_string(id);
    const Result<RegisteredSchema> schema = schemas_->Fetch(id);
    if (!schema && schema.error().code != ErrorCode::kNotFound) {
      return tl::unexpected<Error>(schema.error());
    }
    if (!schema) {
      auto& entry = unknown_[id];
      entry = std::make_unique<RefusingWriter>(named + " is not in the registry");
      return entry.get();
    }
    auto& entry = known_[id];
    auto writer = make_(*schema);
    entry = writer ? std::move(*writer)
                   : std::make_unique<RefusingWriter>(named + ": " + writer.error().message);
    return entry.get();
  }

  std::unique_ptr<SchemaSource> schemas_;
  MakeWriter make_;
  std::unordered_map<int32_t, std::unique_ptr<WriterDecoder>> known_;
  std::unordered_map<int32_t, std::unique_ptr<WriterDecoder>> unknown_;
};

}  // namespace

void AddBadMessage(const Message& message, std::string reason, std::vector<BadRecord>* bad) {
  bad->push_back({message.offset, 0, std::move(reason),
                  std::string(message.payload.substr(0, kMaxKeptBytes))});
}

void KeepMessage(const Message& message, RowBuilder& rows, std::vector<BadRecord>* bad) {
  std::string reason;
  if (!rows.Keep(&reason)) [[unlikely]]
    AddBadMessage(message, std::move(reason), bad);
}

std::unique_ptr<MessageDecoder> OneWriterMessages(const DecodeOptions& options, bool framed,
                                                  std::unique_ptr<WriterDecoder> writer) {
  return std::make_unique<OneWriter>(options, framed, std::move(writer));
}

std::unique_ptr<MessageDecoder> RegisteredMessages(const DecodeOptions& options,
                                                   std::unique_ptr<SchemaSource> schemas,
                                                   MakeWriter make) {
  return std::make_unique<ManyWriters>(options, std::move(schemas), std::move(make));
}

}  // namespace skewless
