// Invariants. A failed check is a bug of ours: it prints the place and aborts, in every build.
#pragma once

namespace skewless {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);
}

#define SKEWLESS_CHECK(condition)                              \
  do {                                                         \
    if (!(condition)) [[unlikely]]                             \
      ::skewless::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)

// On paths too hot for release builds.
#ifdef NDEBUG
#define SKEWLESS_DCHECK(condition) static_cast<void>(0)
#else
#define SKEWLESS_DCHECK(condition) SKEWLESS_CHECK(condition)
#endif
