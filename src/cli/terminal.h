// What a person sees: progress on a terminal (silent in a pipe), numbers with separators.
#pragma once

#include <cstdint>
#include <string>

namespace skewless {

bool IsTerminal(int descriptor);

// A bar on standard error, redrawn in place; draws nothing where that isn't a terminal.
class ProgressBar {
 public:
  explicit ProgressBar(std::string label);
  ~ProgressBar() { Finish(); }
  // `fraction` in 0..1; `detail` stands behind the bar.
  void Show(double fraction, const std::string& detail);
  void Finish();  // ends the line

 private:
  std::string label_;
  bool active_;
  bool drawn_ = false;
  int64_t last_draw_nanos_ = 0;
};

std::string WithSeparators(int64_t number);  // 336,776
std::string FormatNanos(int64_t nanos);      // "1.8 us", "12 ms", "3.2 s"
std::string FormatBytes(int64_t bytes);      // "18.2 MiB"

}  // namespace skewless
