// Single entities as they were: the states that a reader at `t` was answered from.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "kernel/kernel_set.h"
#include "model/value.h"

namespace skewless {

// Folds the log's records available at or before `t` of one entity per view. `keys` has the key
// columns by name (of all the views' entities; others are ignored). One state a view, empty: none.
Result<std::vector<Bytes>> StatesAt(FileSystem& files, const Definition& definition,
                                    const KernelSet& kernels, const std::vector<int>& views,
                                    const std::map<std::string, Value>& keys, Timestamp t);

}  // namespace skewless
