// Where decoders get the schemas that messages name by number: a registry, beyond a seam, so that
// this room needs no network.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "decode/avro_schema.h"

namespace skewless {

struct RegisteredSchema {
  std::string type;  // "AVRO", "PROTOBUF", "JSON"
  // What it refers to, each after all that it refers to itself; the schema's own text is the last.
  std::vector<SchemaText> texts;
};

class SchemaSource {
 public:
  virtual ~SchemaSource() = default;
  // kNotFound: there is none of that id. kUnavailable: none can be had now; ask again later.
  virtual Result<RegisteredSchema> Fetch(int32_t id) = 0;
};

}  // namespace skewless
