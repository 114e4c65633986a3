// Messages of several writers: which schema each was written by, and the decoder made for it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decode/message_decoder.h"
#include "decode/row_builder.h"
#include "decode/schema_source.h"

namespace skewless {

// Decodes the messages of one writer's schema.
class WriterDecoder {
 public:
  virtual ~WriterDecoder() = default;
  // `header_bytes` at the front of each payload are not the writer's.
  virtual void Decode(std::span<const Message> messages, size_t header_bytes, RowBuilder& rows,
                      std::vector<BadRecord>* bad) = 0;
};

void AddBadMessage(const Message& message, std::string reason, std::vector<BadRecord>* bad);
// After a WriterDecoder filled the current row: keeps it, or names the message as bad.
void KeepMessage(const Message& message, RowBuilder& rows, std::vector<BadRecord>* bad);

// All messages are of one writer. `framed`: each begins with a schema's number, which says nothing
// more.
std::unique_ptr<MessageDecoder> OneWriterMessages(const DecodeOptions& options, bool framed,
                                                  std::unique_ptr<WriterDecoder> writer);

// Makes a decoder for a schema. An error makes bad records of that schema's messages.
using MakeWriter = std::function<Result<std::unique_ptr<WriterDecoder>>(const RegisteredSchema&)>;

// Each message names its schema; it is fetched once.
std::unique_ptr<MessageDecoder> RegisteredMessages(const DecodeOptions& options,
                                                   std::unique_ptr<SchemaSource> schemas,
                                                   MakeWriter make);

}  // namespace skewless
