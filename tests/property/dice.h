// Random numbers that are the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace skewless::property {

class Dice {
 public:
  // The seed is mixed: streams of neighbouring seeds would be one stream, shifted, otherwise.
  explicit Dice(uint64_t seed) : state_(Mix(seed ^ 0x5DEECE66D1234567ULL)) {}

  uint64_t Bits() {  // SplitMix64
    state_ += 0x9E3779B97F4A7C15ULL;
    return Mix(state_);
  }
  // 0 .. n - 1.
  int64_t Below(int64_t n) { return static_cast<int64_t>(Bits() % static_cast<uint64_t>(n)); }
  int64_t Between(int64_t low, int64_t high) { return low + Below(high - low + 1); }
  bool Chance(int percent) { return Below(100) < percent; }
  template <typename T>
  T Pick(std::initializer_list<T> of) {
    return of.begin()[Below(static_cast<int64_t>(of.size()))];
  }
  template <typename T>
  const T& Pick(const std::vector<T>& of) {
    return of[static_cast<size_t>(Below(static_cast<int64_t>(of.size())))];
  }

 private:
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  uint64_t state_;
};

}  // namespace skewless::property
