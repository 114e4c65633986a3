// The online store that a definition names, for its writer and its readers alike.
#pragma once

#include <memory>

#include "definition/definition.h"
#include "kernel/kernel_set.h"
#include "log/stamp_log.h"
#include "online/embedded/embedded_store.h"
#include "online/redis/redis_store.h"
#include "online/remote_rows.h"

namespace skewless {

// The store of the engine's states, which readers use where the definition's store is the embedded
// one. Where it is another, they lie beside the log.
Result<EmbeddedOptions> EmbeddedStoreOf(const Definition& definition, const KernelSet& kernels);
// Its address, secrets, views and layouts, and when rows expire; kUnsupported where the definition
// names another kind of store, or of Redis what this version does not do. `log_identity` is for
// the caller to add. `kernels` outlive what is opened with it.
Result<RedisOptions> RedisStoreOf(const Definition& definition, const KernelSet& kernels);

// By view: how long after its newest event a row leaves the store by itself; 0: never.
std::vector<DurationUs> ExpireAfter(const Definition& definition);

// The writer of a store elsewhere; null where the definition's store is the embedded one.
Result<std::unique_ptr<RemoteRows>> OpenRemoteRows(const Definition& definition,
                                                   const KernelSet& kernels, uint64_t log_identity);

// The views and their layouts, as the stamp log names them.
std::vector<StampedView> StampedViewsOf(const Definition& definition, const KernelSet& kernels);

Result<std::unique_ptr<OnlineReader>> OpenOnlineReader(const Definition& definition,
                                                       const KernelSet& kernels);

}  // namespace skewless
