#include "base/number_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace skewless {
namespace {

// from_chars says only "out of range". The decimal exponent of the first significant digit tells
// an overflow from an underflow: the two lie more than six hundred powers of ten apart.
bool IsTinyNumber(std::string_view text) {
  const size_t e = text.find_first_of("eE");
  int64_t exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view digits = text.substr(e + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const bool negative = digits.starts_with('-');
    const auto parsed = ParseInt64(digits);
    // An exponent outside int64 outweighs any number of digits.
    if (!parsed) return negative;
    exponent = *parsed;
  }
  const std::string_view mantissa = text.substr(0, e);
  const size_t first = mantissa.find_first_of("123456789");
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  if (first == std::string_view::npos) return true;
  const int64_t digits_before_point = static_cast<int64_t>(point) - static_cast<int64_t>(first);
  if (exponent < -100'000'000'000'000) return true;
  if (exponent > 100'000'000'000'000) return false;
  return exponent + digits_before_point < 0;
}

template <typename T>
void AppendFloating(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
    return;
  }
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  const std::string_view shortest(text.data(), static_cast<size_t>(end - text.data()));
  out += shortest;
  if (shortest.find_first_of(".e") == std::string_view::npos) out += ".0";
}

}  // namespace

std::optional<int64_t> ParseInt64(std::string_view text) {
  int64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last) return std::nullopt;
  return value;
}

std::optional<double> ParseDouble(std::string_view text) {
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (end != last) return std::nullopt;
  if (error == std::errc()) return value;
  if (error == std::errc::result_out_of_range && IsTinyNumber(text)) {
    return text.starts_with('-') ? -0.0 : 0.0;
  }
  return std::nullopt;
}

void AppendInt64(std::string& out, int64_t value) {
  std::array<char, 20> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

void AppendDouble(std::string& out, double value) { AppendFloating(out, value); }
void AppendFloat(std::string& out, float value) { AppendFloating(out, value); }

}  // namespace skewless
