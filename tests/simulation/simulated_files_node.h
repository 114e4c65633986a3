// What a simulated disk keeps of a file, for the two halves of SimulatedFiles.
#pragma once

#include "simulation/simulated_files.h"

namespace skewless {

// A file's bytes as a running program sees them, and which of them are not durable.
struct SimulatedFiles::Node {
  struct Append {
    uint64_t offset = 0;
    uint64_t size = 0;
    bool lost = false;  // a sync failed since: no later one makes it durable
  };
  std::string data;
  std::vector<Append> unsynced;
  uint64_t durable_size = 0;
  uint64_t old_size = 0;  // durable before the last sync that made more so

  void Settle(std::mt19937_64& random);
};

struct SimulatedFiles::NameChange {
  // Path -> what it names afterwards (null: nothing). Both of a rename happen, or none.
  std::vector<std::pair<std::string, std::shared_ptr<Node>>> names;
};

inline uint64_t Below(std::mt19937_64& random, uint64_t bound) {
  return bound == 0 ? 0 : random() % bound;
}

// A path without slashes at its end.
inline std::string Normal(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace skewless
