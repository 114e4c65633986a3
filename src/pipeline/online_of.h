// The online store that a definition names, for its writer and its readers alike.
#pragma once

#include <memory>

#include "definition/definition.h"
#include "kernel/kernel_set.h"
#include "online/embedded/embedded_store.h"

namespace skewless {

// Its folder, views and layouts; kUnsupported where the definition names another kind of store.
Result<EmbeddedOptions> EmbeddedStoreOf(const Definition& definition, const KernelSet& kernels);

Result<std::unique_ptr<OnlineReader>> OpenOnlineReader(const Definition& definition,
                                                       const KernelSet& kernels);

}  // namespace skewless
