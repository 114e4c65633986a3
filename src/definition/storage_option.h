// A key of a store's section beyond its type and path.
#pragma once

#include <string>

#include "definition/definition.h"

namespace skewless {

// As the user wrote it; "" where it isn't given.
inline std::string OptionOf(const StorageDefinition& storage, const std::string& key) {
  const auto found = storage.options.find(key);
  return found == storage.options.end() ? std::string() : found->second;
}

}  // namespace skewless
