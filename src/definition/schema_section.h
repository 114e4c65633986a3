// The keys of a source that say by which schema its messages are written.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "definition/definition.h"
#include "definition/yaml_document.h"

namespace skewless {

const std::vector<std::string>& SchemaKeys();  // schema, schema_registry and what go with them

// Of formats avro and protobuf. `what` names the source.
Status ReadSchemaKeys(const YamlNode& body, const std::string& what, SourceDefinition* source);

}  // namespace skewless
