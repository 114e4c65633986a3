// Words that both forms of a plan's description use.
#pragma once

#include <string>
#include <string_view>

#include "definition/definition.h"

namespace skewless {

std::string_view SourceTypeName(SourceType type);
std::string_view SourceFormatName(SourceFormat format);
std::string ColumnTypeText(const ColumnSpec& column);  // "timestamp[ms]"
// A store's option as plans show it: not what is secret.
inline std::string ShownOption(const std::string& key, const std::string& value) {
  return key == "password" ? "(hidden)" : value;
}

}  // namespace skewless
