// Draws the definition of a case: sources, entities, views over them.
#pragma once

#include "property/dice.h"
#include "property/random_case.h"

namespace skewless::property {

// Sets everything but events and labels. `c->hop_us` is drawn, too.
void DrawDefinition(Dice& dice, Case* c);

}  // namespace skewless::property
