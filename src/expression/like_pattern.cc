#include "expression/like_pattern.h"

#include "expression/characters.h"

namespace skewless {
namespace {

// The text that a pattern without wildcards stands for; false where it has some.
bool UnescapePlain(std::string_view pattern, std::string* plain) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%' || pattern[i] == '_') return false;
    if (pattern[i] == '\\') ++i;
    plain->push_back(pattern[i]);
  }
  return true;
}

// Whether the % at the end is not an escaped one.
bool EndsWithPercent(std::string_view pattern) {
  if (pattern.empty() || pattern.back() != '%') return false;
  size_t escapes = 0;
  while (escapes + 1 < pattern.size() && pattern[pattern.size() - 2 - escapes] == '\\') ++escapes;
  return escapes % 2 == 0;
}

}  // namespace

bool IsLikePattern(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && ++i == pattern.size()) return false;
  }
  return true;
}

// On a mismatch, the last % takes one character more. Earlier ones never need to: what stands
// between two % may as well match at its first place.
bool MatchesLike(std::string_view text, std::string_view pattern) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  size_t t = 0;
  size_t p = 0;
  size_t retry_pattern = kNone;
  size_t retry_text = 0;
  while (true) {
    if (p < pattern.size() && pattern[p] == '%') {
      retry_pattern = ++p;
      retry_text = t;
      continue;
    }
    if (p < pattern.size() && t < text.size()) {
      if (pattern[p] == '_') {
        ++p;
        t = NextCharacter(text, t);
        continue;
      }
      const size_t literal = pattern[p] == '\\' ? p + 1 : p;
      if (pattern[literal] == text[t]) {
        p = literal + 1;
        ++t;
        continue;
      }
    }
    if (p == pattern.size() && t == text.size()) return true;
    if (retry_pattern == kNone || retry_text >= text.size()) return false;
    t = ++retry_text;
    p = retry_pattern;
  }
}

LikePayload::LikePayload(std::string_view text, bool without_case, bool is_negated)
    : pattern(text), ignore_case(without_case), negated(is_negated) {
  if (ignore_case) LowerCase(text, pattern.data());
  std::string_view middle = pattern;
  const bool leading = middle.starts_with('%');
  if (leading) middle.remove_prefix(1);
  const bool trailing = EndsWithPercent(middle);
  if (trailing) middle.remove_suffix(1);
  std::string plain;
  if (!UnescapePlain(middle, &plain)) return;
  if (leading && trailing) {
    shape = Shape::kContains;
  } else if (leading) {
    shape = Shape::kSuffix;
  } else {
    shape = trailing ? Shape::kPrefix : Shape::kEqual;
  }
  pattern = std::move(plain);
}

bool LikePayload::Matches(std::string_view text) const {
  switch (shape) {
    case Shape::kEqual:
      return text == pattern;
    case Shape::kPrefix:
      return text.starts_with(pattern);
    case Shape::kSuffix:
      return text.ends_with(pattern);
    case Shape::kContains:
      return text.find(pattern) != std::string_view::npos;
    case Shape::kGeneral:
      return MatchesLike(text, pattern);
  }
  return false;
}

}  // namespace skewless
