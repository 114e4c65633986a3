#include "cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/clock.h"

namespace skewless {

bool IsTerminal(int descriptor) { return isatty(descriptor) == 1; }

ProgressBar::ProgressBar(std::string label)
    : label_(std::move(label)), active_(IsTerminal(STDERR_FILENO)) {}

void ProgressBar::Show(double fraction, const std::string& detail) {
  if (!active_) return;
  const int64_t now = MonotonicNanos();
  if (drawn_ && now - last_draw_nanos_ < 80'000'000 && fraction < 1) return;
  last_draw_nanos_ = now;
  drawn_ = true;
  constexpr int kWidth = 28;
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kWidth);
  std::string bar;
  for (int i = 0; i < kWidth; ++i) bar += i < filled ? "█" : "░";
  fmt::print(stderr, "\r\x1b[2K{} {} {:3.0f}%  {}", label_, bar,
             std::clamp(fraction, 0.0, 1.0) * 100, detail);
  std::fflush(stderr);
}

void ProgressBar::Finish() {
  if (drawn_) fmt::print(stderr, "\n");
  drawn_ = false;
}

std::string WithSeparators(int64_t number) {
  std::string text = std::to_string(number);
  const size_t first = number < 0 ? 1 : 0;
  for (size_t at = text.size(); at > first + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string FormatNanos(int64_t nanos) {
  const auto value = static_cast<double>(nanos);
  if (nanos < 1'000) return fmt::format("{} ns", nanos);
  if (nanos < 1'000'000) return fmt::format("{:.3g} us", value / 1e3);
  if (nanos < 1'000'000'000) return fmt::format("{:.3g} ms", value / 1e6);
  return fmt::format("{:.3g} s", value / 1e9);
}

std::string FormatBytes(int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1024) return fmt::format("{} B", bytes);
  if (bytes < 1024 * 1024) return fmt::format("{:.1f} KiB", value / 1024);
  if (bytes < int64_t{1024} * 1024 * 1024) return fmt::format("{:.1f} MiB", value / (1024 * 1024));
  return fmt::format("{:.2f} GiB", value / (1024.0 * 1024 * 1024));
}

}  // namespace skewless
