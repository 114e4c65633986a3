// Protobuf messages, bare or as the schema registry's serializers frame them.
#pragma once

#include <memory>
#include <string>

#include "decode/column_problem.h"
#include "decode/message_decoder.h"
#include "decode/protobuf_schema.h"
#include "decode/schema_source.h"

namespace skewless {

// All messages are of one file, and bare ones of the type that `message` names, as
// ProtobufSchema::Message finds it. Framed ones name their type themselves; where `message` names
// one, those of others are bad. The type has a readable field for each column, or it is an error.
Result<std::unique_ptr<MessageDecoder>> OpenProtobufMessages(
    const DecodeOptions& options, std::shared_ptr<const ProtobufSchema> schema,
    const std::string& message, bool framed);

// Each message is framed and names the schema that it was written by, and its type therein. A
// column that this type lacks is null; where one can't be read, the type's messages are bad.
std::unique_ptr<MessageDecoder> OpenProtobufMessages(const DecodeOptions& options,
                                                     std::unique_ptr<SchemaSource> schemas,
                                                     const std::string& message);

// Where the columns don't meet a message of a schema; an error where there is no such message.
Result<std::vector<ColumnProblem>> CheckProtobufColumns(
    const std::shared_ptr<const ProtobufSchema>& schema, const std::string& message,
    const Schema& columns);

}  // namespace skewless
