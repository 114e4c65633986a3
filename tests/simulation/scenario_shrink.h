// Cuts a failing scenario down while it still fails: fewer lives and faults, fewer records, a
// smaller definition.
#pragma once

#include <functional>

#include "simulation/scenario.h"

namespace skewless::simulation {

using Fails = std::function<bool(const Scenario&)>;

// The smallest scenario found within `trials` runs.
Scenario ShrinkScenario(Scenario failing, const Fails& fails, int trials);

}  // namespace skewless::simulation
