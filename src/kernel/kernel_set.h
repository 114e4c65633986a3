// The kernels of all views of a definition, in its order.
#pragma once

#include <memory>
#include <vector>

#include "kernel/view_kernel.h"

namespace skewless {

using KernelSet = std::vector<std::unique_ptr<ViewKernel>>;

// `definition` outlives the kernels.
Result<KernelSet> CompileKernels(const Definition& definition);

std::vector<std::string> ViewNames(const KernelSet& kernels);
std::vector<uint64_t> Fingerprints(const KernelSet& kernels);

}  // namespace skewless
