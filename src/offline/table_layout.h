// Of everything that a table's rows depend on beside the log: where it changes, the tables are made
// anew.
#pragma once

#include "kernel/kernel_set.h"

namespace skewless {

// Of no definition: tables on their way out.
inline constexpr uint64_t kNobodysLayout = 0;

uint64_t LayoutOf(const Definition& definition, const KernelSet& kernels);

}  // namespace skewless
