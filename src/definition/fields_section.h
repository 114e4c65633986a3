// The key `fields` of a source: columns that a record holds under another name, or within a record
// of its own.
#pragma once

#include <string>

#include "base/result.h"
#include "definition/definition.h"
#include "definition/yaml_document.h"

namespace skewless {

// `body` is the source's, whose columns and their places `source` has. Fails where `fields` names
// what is no column of a record, or where a record could not hold all of the columns. `what` names
// the source.
Status ReadFields(const YamlNode& body, const std::string& what, SourceDefinition* source);

}  // namespace skewless
