// Messages of text, each a record of its own: a JSON object, or one line of comma-separated values.
#pragma once

#include <memory>

#include "decode/csv_reader.h"
#include "decode/message_decoder.h"

namespace skewless {

// `framed`: behind a schema registry's frame, as its JSON Schema serializers write. Columns say all
// that is read of the object, so the number of its schema isn't looked at.
std::unique_ptr<MessageDecoder> DecodeJsonMessages(const DecodeOptions& options,
                                                   bool framed = false);

// The fields are the schema's columns in their order; csv.header is not looked at.
std::unique_ptr<MessageDecoder> DecodeCsvMessages(const DecodeOptions& options,
                                                  const CsvOptions& csv);

}  // namespace skewless
