// A scenario as worlds of all kinds are drawn first: the engine with its embedded store.
#pragma once

#include "base/time.h"
#include "property/dice.h"
#include "simulation/scenario.h"

namespace skewless::simulation {

inline constexpr DurationUs kLongestHopWithTables =
    7 * kSecondUs;  // else each event has a day of its own

Scenario DrawScenario(uint64_t seed);
Life DrawLife(property::Dice& dice);

}  // namespace skewless::simulation
