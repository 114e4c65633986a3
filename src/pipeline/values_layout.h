// What rows of finished values are made of, and what their values depend on.
#pragma once

#include "definition/definition.h"
#include "kernel/view_kernel.h"
#include "online/redis/redis_store.h"

namespace skewless {

ValuesView ValuesViewOf(const Definition& definition, const ViewKernel& kernel);

// Of everything in the definition that a value of the view depends on: of the state's layout, and
// of how it is read and what that is called. Rows of another are written anew.
uint64_t ValuesFingerprint(const ViewKernel& kernel);

}  // namespace skewless
