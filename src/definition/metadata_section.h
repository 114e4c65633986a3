// The key `metadata` of a Kafka source: columns that a message's value doesn't fill.
#pragma once

#include <string>

#include "base/result.h"
#include "definition/definition.h"
#include "definition/yaml_document.h"

namespace skewless {

// `source` has its columns; those that `node` names become its last ones. `what` names the source.
Status ReadMetadata(const YamlNode& node, const std::string& what, SourceDefinition* source);

}  // namespace skewless
