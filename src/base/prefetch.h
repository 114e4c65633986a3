// Asking for cache lines ahead of their use.
#pragma once

namespace skewless {

// The compiler takes a function that does nothing but prefetch for one without any effect, and
// drops calls of it where it doesn't inline them first: the empty statement is there to be kept.
inline void Prefetch(const void* line) {
  __builtin_prefetch(line, /*for writing*/ 1);
  asm volatile("");
}

}  // namespace skewless
