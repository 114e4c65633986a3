// The files that a source's path names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "definition/definition.h"

namespace skewless {

struct InputFile {
  std::string path;    // to open it by
  std::string stream;  // as positions and dead letters name it: relative if the source's path is
  uint64_t bytes = 0;
};

// Each path is a file or a glob (* ? [a-z] {one,other}). The files of a glob come in the order of
// their names' bytes; a file that is named twice is read once. Where a path names no file, the
// error tells the definition's place.
Result<std::vector<InputFile>> FindInputFiles(const Definition& definition,
                                              const SourceDefinition& source);

// "features/clicks.yaml:12:3: source 'clicks': ": how errors about a source begin.
std::string SourcePlace(const SourceDefinition& source);

}  // namespace skewless
