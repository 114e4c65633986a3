// The online store that a definition names, for its writer and its readers alike.
#pragma once

#include <memory>

#include "definition/definition.h"
#include "kernel/kernel_set.h"
#include "online/embedded/embedded_store.h"
#include "online/redis/redis_store.h"

namespace skewless {

// Its folder, views and layouts; kUnsupported where the definition names another kind of store.
Result<EmbeddedOptions> EmbeddedStoreOf(const Definition& definition, const KernelSet& kernels);
// Its address, secrets, views and layouts, and when rows expire; kUnsupported where the definition
// names another kind of store, or of Redis what this version does not do. `log_identity` is for
// the caller to add.
Result<RedisOptions> RedisStoreOf(const Definition& definition, const KernelSet& kernels);

// How long after its newest event a row is needed by no feature of the view any more: the longest
// window, or the time to live; 0 where a feature has neither.
DurationUs NeededAfterNewestEvent(const FeatureViewDefinition& view);

Result<std::unique_ptr<OnlineReader>> OpenOnlineReader(const Definition& definition,
                                                       const KernelSet& kernels);

}  // namespace skewless
