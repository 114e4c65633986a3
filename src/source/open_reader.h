// The reader for a source's format.
#pragma once

#include <memory>
#include <string>

#include "decode/message_decoder.h"
#include "decode/record_reader.h"
#include "definition/definition.h"

namespace skewless {

// Whether this program can read the source at all, and its options make sense.
Status CheckReadable(const SourceDefinition& source);

// `replay`: records without an arrival are bad, too. `needed`: see DecodeOptions.
Result<std::unique_ptr<RecordReader>> OpenReader(const SourceDefinition& source, bool replay,
                                                 const std::string& path,
                                                 std::vector<uint8_t> needed = {});

// The decoder of a topic's messages.
Result<std::unique_ptr<MessageDecoder>> OpenMessageDecoder(const Definition& definition,
                                                           const SourceDefinition& source);

// Reads lines that come from elsewhere, of a source with format json; errors call them `name`.
std::unique_ptr<RecordReader> ReadJsonLinesOf(const SourceDefinition& source,
                                              std::unique_ptr<ByteStream> lines,
                                              const std::string& name);

}  // namespace skewless
