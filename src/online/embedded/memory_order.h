// The two fences that optimistic reading needs beyond std::atomic: what is read between them is
// plain memory that a writer in another process may be reusing; a version number tells, and then it
// is read again. (std::atomic_thread_fence would do, were it known to every checker.)
#pragma once

#include <atomic>

namespace skewless::embedded {

// Loads before it are done before loads after it.
inline void LoadBarrier() {
#if defined(__x86_64__)
  asm volatile("" ::: "memory");  // the processor keeps loads in order
#elif defined(__aarch64__)
  asm volatile("dmb ishld" ::: "memory");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// Stores before it are seen before stores after it.
inline void StoreBarrier() {
#if defined(__x86_64__)
  asm volatile("" ::: "memory");
#elif defined(__aarch64__)
  asm volatile("dmb ishst" ::: "memory");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// The clock was read before anything after it: the processor may run a load ahead of the reading of
// its cycle counter.
inline void ClockBarrier() {
#if defined(__x86_64__)
  asm volatile("lfence" ::: "memory");
#elif defined(__aarch64__)
  asm volatile("isb\n\tdmb ish" ::: "memory");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace skewless::embedded
