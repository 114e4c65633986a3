// How often the test program has called operator new.
#pragma once

#include <cstdint>

namespace skewless {
int64_t AllocationCount();
}
