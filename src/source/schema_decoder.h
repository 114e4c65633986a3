// The decoder of a source whose messages are Avro or Protobuf, and the check of its schema.
#pragma once

#include <memory>

#include "base/result.h"
#include "decode/message_decoder.h"
#include "definition/definition.h"

namespace skewless {

// Of a kafka source with format avro or protobuf. Its schema's file is read here; a registry is not
// asked before the first message. `source` outlives the decoder.
Result<std::unique_ptr<MessageDecoder>> OpenSchemaDecoder(const Definition& definition,
                                                          const SourceDefinition& source);

// Whether each source's schema file can be read, has a field for each declared column, and of a
// type that can become the column's. Errors show the place, in the schema or in the definition.
Status CheckSchemas(const Definition& definition);

}  // namespace skewless
