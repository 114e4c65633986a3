// The kinds of worlds, by name: what `simulation --worlds` takes, and `make simulate WORLDS=`.
#pragma once

#include <span>
#include <string_view>

#include "simulation/scenario.h"

namespace skewless::simulation {

struct WorldKind {
  const char* name;
  const char* what;
  Scenario (*draw)(uint64_t seed);
};

// The first is what is run where none is named.
std::span<const WorldKind> WorldKinds();
// Null: there is none of that name.
const WorldKind* FindWorldKind(std::string_view name);

}  // namespace skewless::simulation
