// What a person sees: lines that are redrawn in place on a terminal (none in a pipe), numbers with
// separators.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skewless {

bool IsTerminal(int descriptor);
// Of a line of it; 0 where it is no terminal.
size_t TerminalColumns(int descriptor);

// Lines at the end of standard error that are redrawn in place, where that is a terminal; nothing
// is drawn elsewhere. One set of them in the process; any thread may call.
namespace drawn_lines {
// In place of those before. Longer ones are cut to the terminal's width.
void Draw(const std::vector<std::string>& lines);
// The line in at most so many columns, two or more: without the fields at its end (two blanks stand
// between fields) that don't fit whole, and with an ellipsis in their place.
std::string Cut(const std::string& line, size_t columns);
// Takes them away.
void Erase();
// Leaves them as they stand; what comes next is below.
void Leave();
// Writes whole lines to standard error, terminal or not: above the drawn ones.
void WriteAbove(std::string_view text);
}  // namespace drawn_lines

// "██████░░░░": the part of a bar that `fraction` in 0..1 fills.
std::string Bar(double fraction);

// A bar with its label, redrawn in place.
class ProgressBar {
 public:
  explicit ProgressBar(std::string label) : label_(std::move(label)) {}
  ~ProgressBar() { Finish(); }
  // `fraction` in 0..1; `detail` stands behind the bar.
  void Show(double fraction, const std::string& detail);
  void Finish();  // ends the line

 private:
  std::string label_;
  bool drawn_ = false;
  int64_t last_draw_nanos_ = 0;
};

std::string WithSeparators(int64_t number);  // 336,776
// "1 view", "336,776 views": of words whose plural has an s.
std::string Counted(int64_t number, std::string_view word);
std::string FormatNanos(int64_t nanos);    // "1.8 us", "12 ms", "3.2 s"
std::string FormatLatency(int64_t nanos);  // the same, but from a minute on "2 h 40 min"
std::string FormatBytes(int64_t bytes);    // "18.2 MiB"

}  // namespace skewless
