// Judges a world that has come to its end: nothing lost, nothing twice, and served = joined from
// the log = joined from the offline tables = the oracle, to the bit.
#pragma once

#include "simulation/world.h"

namespace skewless::simulation {

Finding Judge(World* world);

}  // namespace skewless::simulation
