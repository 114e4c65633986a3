// Inputs like those of a corpus: cut, spliced, repeated, with bits and numbers changed.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace skewless {

using Input = std::vector<uint8_t>;

// The same seed gives the same inputs.
class Mutator {
 public:
  // `corpus` outlives it and is not empty.
  Mutator(const std::vector<Input>& corpus, uint64_t seed) : corpus_(corpus), random_(seed) {}
  // Valid until the next call.
  const Input& Next();

 private:
  size_t Below(size_t limit) { return limit == 0 ? 0 : static_cast<size_t>(random_() % limit); }
  void MutateOnce();
  void FlipBit();
  void SetByte();
  void SetNumber();
  void InsertBytes();
  void EraseRange();
  void RepeatRange();
  void Splice();
  void ChangeDigit();

  const std::vector<Input>& corpus_;
  std::mt19937_64 random_;
  Input input_;
};

}  // namespace skewless
