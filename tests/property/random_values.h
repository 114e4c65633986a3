// Values of every type, the awkward ones often enough.
#pragma once

#include "model/value.h"
#include "property/dice.h"

namespace skewless::property {

// How wild the values of a case are: with NaN and infinities everywhere, sums would test little.
enum class Wildness { kTame, kMixed, kWild };

Value RandomValue(Dice& dice, Type type, Wildness wildness);

}  // namespace skewless::property
