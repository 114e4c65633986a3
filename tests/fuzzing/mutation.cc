#include "fuzzing/mutation.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace skewless {
namespace {

constexpr size_t kMaxInput = 1 << 16;
constexpr std::array<uint64_t, 12> kNumbers = {0,
                                               1,
                                               0x7F,
                                               0x80,
                                               0xFF,
                                               0x7FFF,
                                               0x8000'0000,
                                               0xFFFF'FFFF,
                                               0x7FFF'FFFF,
                                               uint64_t{1} << 32,
                                               ~uint64_t{0} >> 1,
                                               ~uint64_t{0}};

}  // namespace

const Input& Mutator::Next() {
  input_ = corpus_[Below(corpus_.size())];
  const size_t times = size_t{1} << Below(5);
  for (size_t i = 0; i < times; ++i) MutateOnce();
  if (input_.size() > kMaxInput) input_.resize(kMaxInput);
  return input_;
}

void Mutator::MutateOnce() {
  switch (Below(8)) {
    case 0:
      return FlipBit();
    case 1:
      return SetByte();
    case 2:
      return SetNumber();
    case 3:
      return InsertBytes();
    case 4:
      return EraseRange();
    case 5:
      return RepeatRange();
    case 6:
      return Splice();
    default:
      return ChangeDigit();
  }
}

void Mutator::FlipBit() {
  if (!input_.empty()) input_[Below(input_.size())] ^= static_cast<uint8_t>(1U << Below(8));
}

void Mutator::SetByte() {
  if (!input_.empty()) input_[Below(input_.size())] = static_cast<uint8_t>(random_());
}

void Mutator::SetNumber() {
  const size_t bytes = size_t{1} << Below(4);
  if (input_.size() < bytes) return;
  const uint64_t number = kNumbers[Below(kNumbers.size())];
  std::memcpy(input_.data() + Below(input_.size() - bytes + 1), &number, bytes);
}

void Mutator::InsertBytes() {
  Input bytes(1 + Below(8));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random_());
  const auto at = static_cast<ptrdiff_t>(Below(input_.size() + 1));
  input_.insert(input_.begin() + at, bytes.begin(), bytes.end());
}

void Mutator::EraseRange() {
  if (input_.empty()) return;
  const size_t at = Below(input_.size());
  const size_t size = std::min(input_.size() - at, 1 + Below(32));
  const auto first = input_.begin() + static_cast<ptrdiff_t>(at);
  input_.erase(first, first + static_cast<ptrdiff_t>(size));
}

void Mutator::RepeatRange() {
  if (input_.empty() || input_.size() > kMaxInput) return;
  const size_t at = Below(input_.size());
  const size_t size = std::min(input_.size() - at, 1 + Below(64));
  const Input bytes(input_.begin() + static_cast<ptrdiff_t>(at),
                    input_.begin() + static_cast<ptrdiff_t>(at + size));
  const auto to = static_cast<ptrdiff_t>(Below(input_.size() + 1));
  input_.insert(input_.begin() + to, bytes.begin(), bytes.end());
}

// The front of this one, the back of another.
void Mutator::Splice() {
  const Input& other = corpus_[Below(corpus_.size())];
  const size_t from = Below(other.size() + 1);
  input_.resize(Below(input_.size() + 1));
  input_.insert(input_.end(), other.begin() + static_cast<ptrdiff_t>(from), other.end());
}

// Numbers in texts: their digits, signs and points.
void Mutator::ChangeDigit() {
  static constexpr char kCharacters[] = "0123456789-+.eE:\"',";
  if (input_.empty()) return;
  size_t at = Below(input_.size());
  for (size_t tries = 0; tries < input_.size(); ++tries, at = (at + 1) % input_.size()) {
    if (input_[at] < '0' || input_[at] > '9') continue;
    input_[at] = static_cast<uint8_t>(kCharacters[Below(sizeof kCharacters - 1)]);
    return;
  }
}

}  // namespace skewless
