// Avro messages: each is one record, bare or as the schema registry's serializers frame it.
#pragma once

#include <memory>

#include "decode/avro_schema.h"
#include "decode/column_problem.h"
#include "decode/message_decoder.h"
#include "decode/schema_source.h"

namespace skewless {

// All messages are of one schema. `framed`: each has the registry's five bytes in front, whose
// number isn't looked at. The schema has a readable field for each column, or it is an error.
Result<std::unique_ptr<MessageDecoder>> OpenAvroMessages(const DecodeOptions& options,
                                                         std::shared_ptr<const AvroSchema> schema,
                                                         bool framed);

// Each message is framed and names the schema that it was written by. A column that this schema
// lacks is null; where one can't be read, the schema's messages are bad.
std::unique_ptr<MessageDecoder> OpenAvroMessages(const DecodeOptions& options,
                                                 std::unique_ptr<SchemaSource> schemas);

// Where the columns don't meet a schema; an error where it is no record.
Result<std::vector<ColumnProblem>> CheckAvroColumns(std::shared_ptr<const AvroSchema> schema,
                                                    const Schema& columns);

}  // namespace skewless
