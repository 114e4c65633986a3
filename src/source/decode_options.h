// What the decoder of a source's records, or of its messages' values, is told.
#pragma once

#include "decode/record_reader.h"
#include "definition/definition.h"

namespace skewless {

// `source` outlives what is returned.
DecodeOptions DecodeOptionsOf(const SourceDefinition& source);

}  // namespace skewless
