#include "base/source_text.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace skewless {
namespace {

std::string_view LineOf(std::string_view text, int line) {
  for (int at = 1; at < line; ++at) {
    const size_t newline = text.find('\n');
    if (newline == std::string_view::npos) return {};
    text.remove_prefix(newline + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

bool ContinuesCharacter(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

// What stands under `line` to point at [column, column + length): tabs are kept, so that the caret
// lands in the right place whatever the terminal's tab stops, and a character is one column
// however many bytes it has.
std::string Underline(std::string_view line, int column, int length) {
  const size_t begin = std::min(static_cast<size_t>(column - 1), line.size());
  std::string under;
  for (const char c : line.substr(0, begin)) {
    if (!ContinuesCharacter(c)) under.push_back(c == '\t' ? '\t' : ' ');
  }
  under.push_back('^');
  const size_t marked = static_cast<size_t>(std::max(length, 1));
  const std::string_view rest = line.substr(begin).substr(0, marked);
  for (size_t i = 1; i < rest.size(); ++i) {
    if (!ContinuesCharacter(rest[i])) under.push_back('~');
  }
  return under;
}

std::string Prefix(const Place& place) {
  std::string prefix = place.file;
  if (place.line > 0) {
    if (!prefix.empty()) prefix += ':';
    prefix += std::to_string(place.line);
    if (place.column > 0) prefix.append(":").append(std::to_string(place.column));
  }
  if (!prefix.empty()) prefix += ": ";
  return prefix;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Edits (insert, delete, replace, swap of neighbours) from `a` to `b`, letters' case aside.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1);  // the row before the last one
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = Lower(a[i - 1]) == Lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) &&
                           Lower(a[i - 2]) == Lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

Error ErrorAt(const Place& place, std::string_view text, int length, std::string message,
              std::string remedy) {
  message.insert(0, Prefix(place) + "error: ");
  Error error{ErrorCode::kInvalid, std::move(message), std::move(remedy)};
  if (place.line <= 0) return error;
  const std::string_view line = LineOf(text, place.line);
  if (line.empty()) return error;
  std::string number = std::to_string(place.line);
  if (number.size() < 4) number = std::string(4 - number.size(), ' ').append(number);
  error.message.append("\n").append(number).append(" | ").append(line);
  if (place.column > 0) {
    error.message.append("\n").append(number.size(), ' ').append(" | ");
    error.message += Underline(line, place.column, length);
  }
  return error;
}

std::string NearestName(std::string_view name, const std::vector<std::string>& names) {
  const std::string* nearest = nullptr;
  size_t nearest_distance = 0;
  for (const std::string& candidate : names) {
    const size_t longer = std::max(name.size(), candidate.size());
    // A third of the letters may be wrong, and one of them always.
    const size_t cutoff = std::max<size_t>(longer / 3, 1);
    const size_t gap = longer - std::min(name.size(), candidate.size());
    if (gap > cutoff) continue;
    const size_t distance = EditDistance(name, candidate);
    // Names that share nothing are not near, however short they are.
    if (distance > cutoff || distance >= longer) continue;
    if (nearest == nullptr || distance < nearest_distance) {
      nearest = &candidate;
      nearest_distance = distance;
    }
  }
  return nearest == nullptr ? std::string() : *nearest;
}

}  // namespace skewless
