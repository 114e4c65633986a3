// Judges what a world left in its log and beside it: every delivery once and in its order, stamps
// that ascend, what is too late, dead letters, and damage that nobody may take for truth.
#pragma once

#include "simulation/evidence.h"
#include "simulation/world.h"

namespace skewless::simulation {

// Heals the disk, too: from here on all is read as it was written.
Finding JudgeRot(World* world);
Finding JudgeLog(World* world, const LogBook& book);

}  // namespace skewless::simulation
