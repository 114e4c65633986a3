// A file without any other code: a compiler that sees these beside an inlined delete takes them for
// a mismatch.
#include <atomic>
#include <cstdlib>
#include <new>

#include "expression/allocation_count_fixture.h"

namespace {
std::atomic<int64_t> allocations{0};
}

void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size > 0 ? size : 1);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace skewless {
int64_t AllocationCount() { return allocations.load(); }
}  // namespace skewless
