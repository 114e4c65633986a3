#include "base/random_bits.h"

#include <random>

namespace skewless {
namespace {

uint64_t (*used)() = nullptr;

}  // namespace

uint64_t RandomBits() {
  if (used != nullptr) return used();
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

void UseRandomBits(uint64_t (*source)()) { used = source; }

}  // namespace skewless
