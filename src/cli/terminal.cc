#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <mutex>

#include "base/clock.h"
#include "cli/age_chart.h"

namespace skewless {

namespace {

winsize SizeOf(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {24, 80, 0, 0};
  return size;
}

}  // namespace

bool IsTerminal(int descriptor) { return isatty(descriptor) == 1; }
size_t TerminalColumns(int descriptor) {
  return IsTerminal(descriptor) ? SizeOf(descriptor).ws_col : 0;
}

namespace drawn_lines {
namespace {

std::mutex mutex;
std::vector<std::string> drawn;  // as they stand now; the cursor is at the last one's end

winsize TerminalSize() { return SizeOf(STDERR_FILENO); }

// How many bytes so many characters of the line have; each is one column wide.
size_t BytesOf(std::string_view line, size_t columns) {
  size_t at = 0;
  for (; at < line.size(); ++at) {
    const bool begins_character = (static_cast<unsigned char>(line[at]) & 0xc0) != 0x80;
    if (begins_character && columns-- == 0) break;
  }
  return at;
}

// To the first drawn line's beginning, with everything below it erased.
void AppendErase(std::string& out) {
  if (drawn.empty()) return;
  if (drawn.size() > 1) out += fmt::format("\x1b[{}A", drawn.size() - 1);
  out += "\r\x1b[J";
}

void AppendDrawn(std::string& out) {
  for (size_t i = 0; i < drawn.size(); ++i) out += (i > 0 ? "\n" : "") + drawn[i];
}

// In one piece, so that nothing flickers.
void Write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::string Cut(const std::string& line, size_t columns) {
  if (BytesOf(line, columns) == line.size()) return line;
  constexpr std::string_view kBetweenFields = "  ";
  const std::string kept = line.substr(0, BytesOf(line, columns - 1));
  const size_t begin = kept.find_first_not_of(' ');
  // What is cut amid a field would read as another value.
  size_t end = line.rfind(kBetweenFields, kept.size());
  if (end == std::string::npos || end <= begin) return kept + "…";
  while (end > 0 && line[end - 1] == ' ') --end;
  return line.substr(0, end) + (end + 1 <= kept.size() ? " …" : "…");
}

void Draw(const std::vector<std::string>& lines) {
  static const bool terminal = IsTerminal(STDERR_FILENO);
  if (!terminal) return;
  const std::lock_guard lock(mutex);
  const winsize size = TerminalSize();
  std::string out;
  AppendErase(out);
  drawn.clear();
  for (const std::string& line : lines) {
    if (drawn.size() + 1 < std::max<size_t>(size.ws_row, 2))
      drawn.push_back(Cut(line, std::max<size_t>(size.ws_col, 3) - 1));
  }
  AppendDrawn(out);
  Write(out);
}

void Erase() {
  const std::lock_guard lock(mutex);
  std::string out;
  AppendErase(out);
  drawn.clear();
  Write(out);
}

void Leave() {
  const std::lock_guard lock(mutex);
  if (!drawn.empty()) Write("\n");
  drawn.clear();
}

void WriteAbove(std::string_view text) {
  const std::lock_guard lock(mutex);
  std::string out;
  AppendErase(out);
  out += text;
  AppendDrawn(out);
  Write(out);
}

}  // namespace drawn_lines

std::string Bar(double fraction) {
  constexpr int kWidth = 28;
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kWidth);
  std::string bar;
  for (int i = 0; i < kWidth; ++i) bar += i < filled ? "█" : "░";
  return bar;
}

void ProgressBar::Show(double fraction, const std::string& detail) {
  const int64_t now = MonotonicNanos();
  if (drawn_ && now - last_draw_nanos_ < 80'000'000 && fraction < 1) return;
  last_draw_nanos_ = now;
  drawn_ = true;
  drawn_lines::Draw({fmt::format("{} {} {:3.0f}%  {}", label_, Bar(fraction),
                                 std::clamp(fraction, 0.0, 1.0) * 100, detail)});
}

void ProgressBar::Finish() {
  if (drawn_) drawn_lines::Leave();
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

std::string Counted(int64_t number, std::string_view word) {
  return WithSeparators(number) + " " + std::string(word) + (number == 1 ? "" : "s");
}

std::string FormatNanos(int64_t nanos) {
  const auto value = static_cast<double>(nanos);
  if (nanos < 1'000) return fmt::format("{} ns", nanos);
  if (nanos < 1'000'000) return fmt::format("{:.3g} us", value / 1e3);
  if (nanos < 1'000'000'000) return fmt::format("{:.3g} ms", value / 1e6);
  return fmt::format("{:.3g} s", value / 1e9);
}

std::string FormatLatency(int64_t nanos) {
  return nanos < 60'000'000'000 ? FormatNanos(nanos) : FormatAge(nanos / 1000);
}

std::string FormatBytes(int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1024) return fmt::format("{} B", bytes);
  if (bytes < 1024 * 1024) return fmt::format("{:.1f} KiB", value / 1024);
  if (bytes < int64_t{1024} * 1024 * 1024) return fmt::format("{:.1f} MiB", value / (1024 * 1024));
  return fmt::format("{:.2f} GiB", value / (1024.0 * 1024 * 1024));
}

}  // namespace skewless
