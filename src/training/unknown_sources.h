// Sources whose records the log holds, and that the definition lacks: their history is replayed for
// no view, though it may be that of a source with another name now.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "definition/definition.h"

namespace skewless {

struct UnknownSource {
  std::string name;
  int64_t records = 0;
};

// None where there is no log yet.
Result<std::vector<UnknownSource>> UnknownSources(FileSystem& files, const Definition& definition);

// What to tell of one, and what can be done.
Error UnknownSourceWarning(const Definition& definition, const UnknownSource& source);

}  // namespace skewless
