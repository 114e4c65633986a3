#include "kernel/kernel_set.h"

namespace skewless {

Result<KernelSet> CompileKernels(const Definition& definition) {
  KernelSet kernels;
  for (size_t view = 0; view < definition.views.size(); ++view) {
    SKEWLESS_ASSIGN_OR_RETURN(auto kernel, ViewKernel::Compile(definition, static_cast<int>(view)));
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

std::vector<std::string> ViewNames(const KernelSet& kernels) {
  std::vector<std::string> names;
  for (const auto& kernel : kernels) names.push_back(kernel->view().name);
  return names;
}

std::vector<uint64_t> Fingerprints(const KernelSet& kernels) {
  std::vector<uint64_t> fingerprints;
  for (const auto& kernel : kernels) fingerprints.push_back(kernel->fingerprint());
  return fingerprints;
}

}  // namespace skewless
