// Draws the events of a case, and the moments to ask for.
#pragma once

#include "property/dice.h"
#include "property/random_case.h"

namespace skewless::property {

void DrawHistory(Dice& dice, Case* c);  // after the definition
void DrawLabels(Dice& dice, Case* c);   // after the history

}  // namespace skewless::property
