// `freshness --probe`: watches records become readable, from another process than the engine's.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/repository.h"

namespace skewless {

struct ProbeArguments {
  std::string duration = "10s";
  std::string view;  // empty: all
  size_t sample = 100;
  bool json = false;
};

Status ProbeFreshness(const Repository& repository, const ProbeArguments& arguments);

}  // namespace skewless
