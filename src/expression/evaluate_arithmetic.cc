#include <bit>
#include <cmath>
#include <limits>

#include "expression/operations.h"
#include "expression/rows.h"

namespace skewless::operations {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

uint64_t Unsigned(int64_t v) { return static_cast<uint64_t>(v); }
int64_t Signed(uint64_t v) { return static_cast<int64_t>(v); }
// All ones where the top bit is set.
uint64_t TopBit(uint64_t v) { return v >> 63; }

auto Always(Outcome outcome) {
  return [outcome](auto, auto) { return outcome; };
}

}  // namespace

void AddInt(const Frame& frame, const Instruction& instruction) {
  MapChecked<int64_t>(
      frame, instruction, [](int64_t a, int64_t b) { return Signed(Unsigned(a) + Unsigned(b)); },
      [](int64_t a, int64_t b, int64_t r) { return TopBit(Unsigned((a ^ r) & (b ^ r))); },
      Always(Outcome::kOverflow));
}

void SubtractInt(const Frame& frame, const Instruction& instruction) {
  MapChecked<int64_t>(
      frame, instruction, [](int64_t a, int64_t b) { return Signed(Unsigned(a) - Unsigned(b)); },
      [](int64_t a, int64_t b, int64_t r) { return TopBit(Unsigned((a ^ b) & (a ^ r))); },
      Always(Outcome::kOverflow));
}

void MultiplyInt(const Frame& frame, const Instruction& instruction) {
  MapChecked<int64_t>(
      frame, instruction, [](int64_t a, int64_t b) { return Signed(Unsigned(a) * Unsigned(b)); },
      [](int64_t a, int64_t b, int64_t) {
        int64_t r = 0;
        return static_cast<uint64_t>(__builtin_mul_overflow(a, b, &r));
      },
      Always(Outcome::kOverflow));
}

namespace {
// The divisor made harmless: where it is 0, and where the quotient would overflow.
int64_t SafeDivisor(int64_t a, int64_t b) { return b == 0 || (b == -1 && a == kMin) ? 1 : b; }
}  // namespace

void DivideInt(const Frame& frame, const Instruction& instruction) {
  MapChecked<int64_t>(
      frame, instruction, [](int64_t a, int64_t b) { return a / SafeDivisor(a, b); },
      [](int64_t a, int64_t b, int64_t) { return uint64_t{b == 0 || (b == -1 && a == kMin)}; },
      [](int64_t, int64_t b) { return b == 0 ? Outcome::kDivisionByZero : Outcome::kOverflow; });
}

void RemainderInt(const Frame& frame, const Instruction& instruction) {
  MapChecked<int64_t>(
      frame, instruction, [](int64_t a, int64_t b) { return a % SafeDivisor(a, b); },
      [](int64_t, int64_t b, int64_t) { return uint64_t{b == 0}; },
      Always(Outcome::kDivisionByZero));
}

void NegateInt(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, int64_t>(frame, instruction, [](int64_t a, int64_t* out) {
    if (a == kMin) return Outcome::kOverflow;
    *out = -a;
    return Outcome::kValue;
  });
}

void AbsInt(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, int64_t>(frame, instruction, [](int64_t a, int64_t* out) {
    if (a == kMin) return Outcome::kOverflow;
    *out = a < 0 ? -a : a;
    return Outcome::kValue;
  });
}

void SignInt(const Frame& frame, const Instruction& instruction) {
  MapUnary<int64_t, int64_t>(frame, instruction,
                             [](int64_t a) { return int64_t{a > 0} - int64_t{a < 0}; });
}

void RoundInt(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, int64_t, int64_t>(
      frame, instruction, [](int64_t a, int64_t decimals, int64_t* out) {
        *out = a;
        if (decimals >= 0) return Outcome::kValue;
        *out = 0;  // half of 10^20 is more than any int64
        if (decimals < -19) return Outcome::kValue;
        __int128 unit = 1;
        for (int64_t i = decimals; i < 0; ++i) unit *= 10;
        const __int128 value = a;
        const __int128 half = value < 0 ? -unit / 2 : unit / 2;
        const __int128 rounded = (value + half) / unit * unit;  // half away from zero
        if (rounded > std::numeric_limits<int64_t>::max() || rounded < kMin) {
          return Outcome::kOverflow;
        }
        *out = static_cast<int64_t>(rounded);
        return Outcome::kValue;
      });
}

void AddDouble(const Frame& frame, const Instruction& instruction) {
  MapBinary<double, double, double>(frame, instruction, [](double a, double b) { return a + b; });
}

void SubtractDouble(const Frame& frame, const Instruction& instruction) {
  MapBinary<double, double, double>(frame, instruction, [](double a, double b) { return a - b; });
}

void MultiplyDouble(const Frame& frame, const Instruction& instruction) {
  MapBinary<double, double, double>(frame, instruction, [](double a, double b) { return a * b; });
}

void DivideDouble(const Frame& frame, const Instruction& instruction) {
  MapChecked<double>(
      frame, instruction, [](double a, double b) { return a / b; },
      [](double, double b, double) { return uint64_t{b == 0}; }, Always(Outcome::kDivisionByZero));
}

void TruncatedDivideDouble(const Frame& frame, const Instruction& instruction) {
  MapChecked<double>(
      frame, instruction, [](double a, double b) { return std::trunc(a / b); },
      [](double, double b, double) { return uint64_t{b == 0}; }, Always(Outcome::kDivisionByZero));
}

// An infinite dividend has no remainder.
void RemainderDouble(const Frame& frame, const Instruction& instruction) {
  ForRows<double, double, double>(frame, instruction, [](double a, double b, double* out) {
    if (b == 0) return Outcome::kDivisionByZero;
    *out = std::fmod(a, b);
    const bool failed = std::isnan(*out) && !std::isnan(a) && !std::isnan(b);
    return failed ? Outcome::kDomain : Outcome::kValue;
  });
}

void NegateDouble(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, double>(frame, instruction, [](double a) { return -a; });
}

}  // namespace skewless::operations
