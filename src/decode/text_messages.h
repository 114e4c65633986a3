// Messages of text, each a record of its own: a JSON object, or one line of comma-separated values.
#pragma once

#include <memory>

#include "decode/csv_reader.h"
#include "decode/message_decoder.h"

namespace skewless {

std::unique_ptr<MessageDecoder> DecodeJsonMessages(const DecodeOptions& options);

// The fields are the schema's columns in their order; csv.header is not looked at.
std::unique_ptr<MessageDecoder> DecodeCsvMessages(const DecodeOptions& options,
                                                  const CsvOptions& csv);

}  // namespace skewless
