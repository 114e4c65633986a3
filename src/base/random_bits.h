// Bits that nobody can guess: for hash tables that outsiders fill, and for pauses that many clients
// make. A simulation puts its own in place, so that a seed gives the same world each time.
#pragma once

#include <cstdint>

namespace skewless {

uint64_t RandomBits();
// For this process, from now on; null: the operating system's again. Not while other threads run.
void UseRandomBits(uint64_t (*source)());

}  // namespace skewless
