#include "online/redis/increments.h"

#include <limits>

namespace skewless::redis {
namespace {

using Part = StateNumber::Part;

bool IsInt64(Int128 value) {
  return value >= std::numeric_limits<int64_t>::min() &&
         value <= std::numeric_limits<int64_t>::max();
}

void Change(const StateNumber& before, const StateNumber& after, Increments* increments) {
  if (before.value == after.value) return;
  // Neither difference leaves Int128: both are sums of fewer than 2^63 integers of 64 bits.
  const Int128 difference = after.value - before.value;
  const bool adds = after.part == Part::kCount || after.part == Part::kSum;
  if (!adds || !IsInt64(before.value) || !IsInt64(after.value) || !IsInt64(difference)) {
    increments->sets.push_back(after);
    return;
  }
  increments->adds.push_back(after);
  increments->adds.back().value = difference;
}

}  // namespace

void FindIncrements(std::span<const StateNumber> before, std::span<const StateNumber> after,
                    Increments* increments) {
  increments->Clear();
  size_t old = 0;
  for (const StateNumber& number : after) {
    while (old < before.size() && before[old].place() < number.place())
      increments->removes.push_back(before[old++]);
    if (old < before.size() && before[old].place() == number.place()) {
      Change(before[old++], number, increments);
    } else {
      increments->sets.push_back(number);
    }
  }
  while (old < before.size()) increments->removes.push_back(before[old++]);
}

}  // namespace skewless::redis
