// The files that `skewless init` writes: a repository that runs at once, with an hour of clicks of
// a small shop and labels to train on.
#pragma once

#include <string>
#include <vector>

namespace skewless {

struct StarterFile {
  std::string name;  // in the repository's folder
  std::string contents;
};

// The same bytes at every call.
std::vector<StarterFile> StarterRepository();

}  // namespace skewless
