#include "source/decode_options.h"

namespace skewless {

DecodeOptions DecodeOptionsOf(const SourceDefinition& source) {
  DecodeOptions options;
  options.schema = &ValueSchemaOf(source);
  if (static_cast<size_t>(source.event_timestamp) < options.schema->columns.size()) {
    options.required.push_back({source.event_timestamp, "event_timestamp"});
  }
  return options;
}

}  // namespace skewless
