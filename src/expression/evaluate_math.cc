// A function whose value is not a number although its arguments are has left its domain, and so
// has one at a pole (ln(0)): null, and counted. Overflow to infinity is IEEE's answer and stays.
#include <cmath>
#include <numbers>

#include "expression/operations.h"
#include "expression/rows.h"

namespace skewless::operations {
namespace {

template <typename F>
void Function(const Frame& frame, const Instruction& instruction, F f) {
  ForRows<double, double>(frame, instruction, [f](double x, double* out) {
    *out = f(x);
    return std::isnan(*out) && !std::isnan(x) ? Outcome::kDomain : Outcome::kValue;
  });
}

template <typename F>
void Logarithm(const Frame& frame, const Instruction& instruction, F f) {
  ForRows<double, double>(frame, instruction, [f](double x, double* out) {
    if (x <= 0) return Outcome::kDomain;
    *out = f(x);
    return Outcome::kValue;
  });
}

double RoundTo(double x, int64_t decimals) {
  if (!std::isfinite(x)) return x;
  if (decimals > 400) return x;
  if (decimals < -400) return std::copysign(0.0, x);
  if (decimals >= 0) {
    const double scale = std::pow(10.0, static_cast<double>(decimals));
    const double scaled = x * scale;
    return std::isfinite(scaled) ? std::round(scaled) / scale : x;
  }
  const double scale = std::pow(10.0, static_cast<double>(-decimals));
  return std::isfinite(scale) ? std::round(x / scale) * scale : std::copysign(0.0, x);
}

}  // namespace

void AbsDouble(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, double>(frame, instruction, [](double x) { return std::fabs(x); });
}

// Zeros keep their sign, NaN stays.
void SignDouble(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, double>(frame, instruction,
                           [](double x) { return x > 0 ? 1.0 : (x < 0 ? -1.0 : x); });
}

void Ceil(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, double>(frame, instruction, [](double x) { return std::ceil(x); });
}

void Floor(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, double>(frame, instruction, [](double x) { return std::floor(x); });
}

void Round(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, double>(frame, instruction, [](double x) { return std::round(x); });
}

void RoundDecimals(const Frame& frame, const Instruction& instruction) {
  ForRows<double, double, int64_t>(frame, instruction, [](double x, int64_t decimals, double* out) {
    *out = RoundTo(x, decimals);
    return Outcome::kValue;
  });
}

void Truncate(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, double>(frame, instruction, [](double x) { return std::trunc(x); });
}

void SquareRoot(const Frame& frame, const Instruction& instruction) {
  Function(frame, instruction, [](double x) { return std::sqrt(x); });
}

void Exp(const Frame& frame, const Instruction& instruction) {
  Function(frame, instruction, [](double x) { return std::exp(x); });
}

void NaturalLog(const Frame& frame, const Instruction& instruction) {
  Logarithm(frame, instruction, [](double x) { return std::log(x); });
}

void Log2(const Frame& frame, const Instruction& instruction) {
  Logarithm(frame, instruction, [](double x) { return std::log2(x); });
}

void Log10(const Frame& frame, const Instruction& instruction) {
  Logarithm(frame, instruction, [](double x) { return std::log10(x); });
}

void Power(const Frame& frame, const Instruction& instruction) {
  ForRows<double, double, double>(frame, instruction, [](double x, double y, double* out) {
    if (x == 0 && y < 0) return Outcome::kDomain;
    *out = std::pow(x, y);
    const bool failed = std::isnan(*out) && !std::isnan(x) && !std::isnan(y);
    return failed ? Outcome::kDomain : Outcome::kValue;
  });
}

void Sin(const Frame& frame, const Instruction& instruction) {
  Function(frame, instruction, [](double x) { return std::sin(x); });
}

void Cos(const Frame& frame, const Instruction& instruction) {
  Function(frame, instruction, [](double x) { return std::cos(x); });
}

void Tan(const Frame& frame, const Instruction& instruction) {
  Function(frame, instruction, [](double x) { return std::tan(x); });
}

void Asin(const Frame& frame, const Instruction& instruction) {
  Function(frame, instruction, [](double x) { return std::asin(x); });
}

void Acos(const Frame& frame, const Instruction& instruction) {
  Function(frame, instruction, [](double x) { return std::acos(x); });
}

void Atan(const Frame& frame, const Instruction& instruction) {
  Function(frame, instruction, [](double x) { return std::atan(x); });
}

void Atan2(const Frame& frame, const Instruction& instruction) {
  MapBinary<double, double, double>(frame, instruction,
                                    [](double y, double x) { return std::atan2(y, x); });
}

void Radians(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, double>(frame, instruction,
                           [](double x) { return x * (std::numbers::pi / 180.0); });
}

void Degrees(const Frame& frame, const Instruction& instruction) {
  MapUnary<double, double>(frame, instruction,
                           [](double x) { return x * (180.0 / std::numbers::pi); });
}

void IsNan(const Frame& frame, const Instruction& instruction) {
  MapUnary<int64_t, double>(frame, instruction, [](double x) { return int64_t{x != x}; });
}

void IsFinite(const Frame& frame, const Instruction& instruction) {
  MapUnary<int64_t, double>(frame, instruction, [](double x) { return int64_t{x - x == 0}; });
}

void IsInfinite(const Frame& frame, const Instruction& instruction) {
  MapUnary<int64_t, double>(frame, instruction,
                            [](double x) { return int64_t{x == x && x - x != 0}; });
}

}  // namespace skewless::operations
