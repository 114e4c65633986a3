// Single entities as they were: the states that a reader at `t` was answered from.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "kernel/kernel_set.h"
#include "model/value.h"

namespace skewless {

struct StateAt {
  Bytes state;  // empty: none
  // When it is to be read: `t`, or, where the store's rows are finished values, the time that those
  // readable at `t` were computed for.
  Timestamp read_us = 0;
};

// Folds the log's records available at or before `t` of one entity per view. `keys` has the key
// columns by name (of all the views' entities; others are ignored). One state a view.
Result<std::vector<StateAt>> StatesAt(FileSystem& files, const Definition& definition,
                                      const KernelSet& kernels, const std::vector<int>& views,
                                      const std::map<std::string, Value>& keys, Timestamp t);

}  // namespace skewless
